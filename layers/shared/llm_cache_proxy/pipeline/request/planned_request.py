"""A client's request, and the same with its cache plan, keys and upstream routes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.dialects.live_tools import looks_things_up
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.errors import InvalidRequest, NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests import keys
from llm_cache_proxy.domain.requests.controls import Controls, Mode
from llm_cache_proxy.domain.requests.normalisation import normalised
from llm_cache_proxy.domain.requests.policy import Plan, Policy, plan
from llm_cache_proxy.ports.upstream import Route


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """One request to a cached endpoint, parsed and checked.

    `body` is what the client sent, `fields` the same parsed; `headers` in lower case. `key_id` is
    the client key's, None where no key is asked for.
    """

    tenant: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    fields: JsonObject
    controls: Controls
    dialect: Dialect
    key_id: str | None = None

    @property
    def client(self) -> Client:
        """Whose request it is."""
        return Client(self.tenant, self.key_id)


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """A request with its plan, its keys and the routes to the upstreams that serve its model.

    `normalised_fields` are the fields with the last user text normalised, if `normalises`; `key`
    is theirs. `text` is the last user text as written, empty where there is none.
    """

    request: ClientRequest
    plan: Plan
    routes: Sequence[Route]
    identity: keys.Identity
    normalised_fields: JsonObject
    key: str
    text: str
    text_digest: str
    form: Form
    normalises: bool = True

    @property
    def may_be_respelt(self) -> bool:
        """Whether a text that differs in case or spacing may be served; never in exact mode."""
        return self.normalises and self.request.controls.mode is not Mode.EXACT

    @property
    def model(self) -> str:
        """The model's name as the client gave it."""
        return model_of(self.request.fields)

    def answered_by(self, route: Route) -> "PlannedRequest":
        """The same request under the route that really answered, where that was a fallback."""
        if route == self.routes[0]:
            return self
        identity = replace(self.identity, upstream=route.upstream, model=route.model)
        return replace(self, identity=identity, key=_key(self.normalised_fields, identity))

    def in_namespace_of(self, request: ClientRequest) -> "PlannedRequest":
        """The same for the request in another namespace."""
        identity = replace(self.identity, namespace=request.controls.namespace)
        return replace(
            self, request=request, identity=identity, key=_key(self.normalised_fields, identity)
        )

    def verbatim(self) -> "PlannedRequest":
        """The same by the text as written: for texts that only normalising makes identical."""
        body = keys.canonical_body(self.request.fields, self.identity)
        return replace(self, key=keys.exact_key({"verbatim": body}, self.identity))

    def fingerprint(self) -> str:
        """Everything but the last user text."""
        fields = self.request.dialect.with_user_text(self.request.fields, lambda _: "")
        return keys.fingerprint(keys.canonical_body(fields, self.identity), self.identity)


def model_of(fields: JsonObject) -> str:
    """The model's name as the client gave it; empty where a stored prompt brings one."""
    return str(fields.get("model") or "")


def plan_request(request: ClientRequest, policy: Policy, routes: Sequence[Route]) -> PlannedRequest:
    """The request with keys and plan. Raises NotFound where no upstream serves the model."""
    if not routes:
        shown = model_of(request.fields)[:100]
        raise NotFound(
            f"The model '{shown}' is served by no configured upstream.",
            param="model",
            code="model_not_found",
        )
    dialect, fields = request.dialect, request.fields
    traits = dialect.traits(fields)
    if any(looks_things_up(route.model) for route in routes):
        traits = replace(traits, upstream_state=True)
    identity = keys.Identity(
        tenant=request.tenant,
        namespace=request.controls.namespace,
        path=dialect.path,
        upstream=routes[0].upstream,
        model=routes[0].model,
        query=request.query,
    )
    normal = policy.normalise and request.controls.normalise
    normalised_fields = dialect.with_user_text(fields, normalised) if normal else fields
    text = traits.text or ""
    return PlannedRequest(
        request=request,
        plan=plan(policy, request.controls, traits),
        routes=routes,
        identity=identity,
        normalised_fields=normalised_fields,
        key=_key(normalised_fields, identity),
        text=text,
        text_digest=keys.text_digest(text),
        form=_form(request),
        normalises=normal,
    )


def _key(fields: JsonObject, identity: keys.Identity) -> str:
    try:
        return keys.exact_key(keys.canonical_body(fields, identity), identity)
    except RecursionError as exc:
        raise InvalidRequest("The body is nested too deeply.", code="invalid_json") from exc


def _form(request: ClientRequest) -> Form:
    if not request.dialect.wants_stream(request.fields):
        return Form.JSON
    wants_usage = request.dialect.wants_usage(request.fields)
    return Form.SSE_WITH_USAGE if wants_usage else Form.SSE
