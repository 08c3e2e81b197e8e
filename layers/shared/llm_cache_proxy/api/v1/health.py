"""`GET /health`: whether the server serves, and the state of each tier."""

from fastapi import APIRouter

from llm_cache_proxy.api.v1.schemas import Health
from llm_cache_proxy.api.v1.service import CurrentService

router = APIRouter()


@router.get("/health")
async def health(service: CurrentService) -> Health:
    """Whether it serves, and the state of each tier."""
    return Health.model_validate({"status": "ok", **service.health()})
