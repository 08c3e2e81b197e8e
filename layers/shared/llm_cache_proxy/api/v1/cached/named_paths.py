"""Endpoints that CACHED_PATHS names: identical requests have one answer, whatever their body."""

from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response

from llm_cache_proxy.api.description.operations import EVENTS, FORM, TEXT, Described, cached
from llm_cache_proxy.api.http.raw_requests import Endpoint, RawRoute, request_headers
from llm_cache_proxy.api.http.request_bodies import media_type, read_body
from llm_cache_proxy.api.v1.cached.answered import answered
from llm_cache_proxy.api.v1.service import Service, service_of
from llm_cache_proxy.api.v1.uncached.passthrough import PassThrough, check_type
from llm_cache_proxy.domain.dialects.opaque import opaque_dialect
from llm_cache_proxy.domain.json_text import JsonObject, parse_object
from llm_cache_proxy.domain.requests.cached_paths import IMAGES, passes
from llm_cache_proxy.domain.requests.form_fields import form_fields
from llm_cache_proxy.pipeline.request.planned_request import client_request

_DESCRIBED: dict[str, tuple[str, str, Described]] = {
    "/moderations": (
        "create_moderation",
        "Whether texts and images are harmful",
        cached("ModerationRequest", "Moderation"),
    ),
    "/rerank": (
        "rerank",
        "Documents in the order of what they say to a question",
        cached("RerankRequest", "Ranking"),
    ),
    IMAGES: (
        "create_image",
        "Images of a description; cached by their seed",
        cached("ImagesRequest", "Images", EVENTS),
    ),
    "/audio/transcriptions": (
        "create_transcription",
        "The words of a recording",
        cached("TranscriptionForm", "Transcript", EVENTS, TEXT, media_type=FORM),
    ),
    "/audio/translations": (
        "create_translation",
        "The words of a recording, in English",
        cached("TranslationForm", "Transcript", TEXT, media_type=FORM),
    ),
}
"""Operation, summary and bodies of the endpoints that are known by these paths."""
DESCRIBED_PATHS = tuple(_DESCRIBED)


def named_routes(paths: Iterable[str]) -> list[RawRoute]:
    """A route for each of the paths, described where it is known."""
    return [_route(path) for path in sorted(paths)]


def _route(path: str) -> RawRoute:
    operation, summary, described = _DESCRIBED.get(path, (None, None, None))
    return RawRoute(
        f"/v1{path}",
        _endpoint(path),
        ["POST"],
        operation_id=operation,
        summary=summary,
        described=described,
    )


def _endpoint(path: str) -> Endpoint:
    dialect = opaque_dialect(path)

    async def answer(request: Request) -> Response:
        service = service_of(request)
        body = await read_body(request, service.max_body_bytes)
        check_type(media_type(request), body)
        fields = _fields(request, body)
        if (
            fields is None
            or passes(path, fields, unseeded_images=service.unseeded_images)
            or not _reaches_its_model(service, request, fields)
        ):
            return await PassThrough.over(service).forward(request, path, body)
        parsed = client_request(
            request.state.client,
            dialect,
            fields,
            body=body,
            headers=request_headers(request.headers),
            query=request.url.query,
        )
        return await answered(request, parsed, service.pipeline.proxy.answer)

    return answer


def _fields(request: Request, body: bytes) -> JsonObject | None:
    """What the body asks for; None where it is neither JSON nor a form."""
    kind = media_type(request)
    if kind == FORM:
        return form_fields(request.headers["content-type"], body)
    return parse_object(body) if kind == "application/json" or kind.endswith("+json") else None


def _reaches_its_model(service: Service, request: Request, fields: JsonObject) -> bool:
    """Whether an upstream serves the model, and by that name where a form has it."""
    model = str(fields.get("model") or "")
    routes = service.pipeline.ports.upstream.routes(model)
    is_form = media_type(request) == FORM
    return bool(routes) and not (is_form and any(route.model != model for route in routes))
