"""`/admin/*`: each path is one action, its fields from the query or the body.

Decides the mapping only; what an action does is in `administration`.
"""

from fastapi import APIRouter, FastAPI

from llm_cache_proxy.administration import Administration
from llm_cache_proxy.api.operators import entry_routes, key_routes, report_routes
from llm_cache_proxy.api.operators.access import ADMIN_KEY, Operators
from llm_cache_proxy.api.operators.app import operator_app

router = APIRouter(prefix="/admin", dependencies=ADMIN_KEY)
for _part in (report_routes, entry_routes, key_routes):
    router.include_router(_part.router)


def create_admin_app(administration: Administration, admin_key: str | None) -> FastAPI:
    """The admin function's app."""
    return operator_app([router], Operators(administration, admin_key))
