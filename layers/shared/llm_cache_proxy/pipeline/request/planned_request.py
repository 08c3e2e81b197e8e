"""A client's request, and the same with its cache plan, keys and upstream routes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from llm_cache_proxy.domain.client_keys.key_ring import Client
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.dialects.upstream_state import looks_things_up
from llm_cache_proxy.domain.entries.entry import Form
from llm_cache_proxy.domain.errors import NotFound
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.record import record
from llm_cache_proxy.domain.requests import keys
from llm_cache_proxy.domain.requests.controls import Controls, Mode, parse_controls
from llm_cache_proxy.domain.requests.policy import Plan, Policy, plan
from llm_cache_proxy.ports.upstream import Route

LARGE_BODY_BYTES = 256_000
"""Larger bodies are parsed and keyed in a thread.

On the event loop that would delay other requests.
"""


@record()
class ClientRequest:
    """One request to a cached endpoint, parsed and checked.

    `body` is what the client sent, `fields` the same parsed; `headers` in lower case. `model` is
    the model's name as the client gave it, empty where a stored prompt brings one.
    """

    client: Client
    query: str
    headers: Mapping[str, str]
    body: bytes
    fields: JsonObject
    model: str
    form: Form
    controls: Controls
    dialect: Dialect


@record()
class PlannedRequest:
    """A request with its plan, its keys and the routes to the upstreams that serve its model.

    `normalised_fields` are the fields with the last user text normalised, if `normalises`; `key`
    is theirs. `text` is the last user text as written, empty where there is none. `initial_key` is
    the key that an identical request begins with: `key` moves to a fallback's, to that of another
    namespace, or to that of the text as written.
    """

    request: ClientRequest
    plan: Plan
    routes: Sequence[Route]
    identity: keys.Identity
    normalised_fields: JsonObject
    key: str
    initial_key: str
    text: str
    text_digest: str
    form: Form
    normalises: bool = True

    @property
    def may_be_respelt(self) -> bool:
        """Whether a text that differs in case or spacing may be served; never in exact mode."""
        return self.normalises and self.request.controls.mode is not Mode.EXACT

    def answered_by(self, route: Route) -> "PlannedRequest":
        """The same request under the route of a fallback upstream that answered."""
        identity = replace(self.identity, upstream=route.upstream, model=route.model)
        return replace(self, identity=identity, key=keys.key_of(self.normalised_fields, identity))

    def in_namespace_of(self, request: ClientRequest) -> "PlannedRequest":
        """The same request in another namespace."""
        identity = replace(self.identity, namespace=request.controls.namespace)
        return replace(
            self,
            request=request,
            identity=identity,
            key=keys.key_of(self.normalised_fields, identity),
        )

    def verbatim(self) -> "PlannedRequest":
        """The same request by the text as written, where normalising alone makes it identical."""
        body = keys.canonical_body(self.request.fields, self.identity)
        return replace(self, key=keys.exact_key({"verbatim": body}, self.identity))

    def fingerprint(self) -> str:
        """Everything but the last user text."""
        fields = self.request.dialect.with_user_text(self.request.fields, lambda _: "")
        return keys.fingerprint(keys.canonical_body(fields, self.identity), self.identity)


def client_request(
    client: Client,
    dialect: Dialect,
    fields: JsonObject,
    *,
    body: bytes,
    headers: Mapping[str, str],
    query: str = "",
) -> ClientRequest:
    """The request in `fields`, which are `body` parsed. Raises InvalidRequest."""
    checked = dialect.checked(fields)
    return ClientRequest(
        client=client,
        query=query,
        headers=headers,
        body=body,
        fields=checked,
        model=str(fields.get("model") or ""),
        form=dialect.form(checked),
        controls=parse_controls(headers),
        dialect=dialect,
    )


def plan_request(request: ClientRequest, policy: Policy, routes: Sequence[Route]) -> PlannedRequest:
    """The request with keys and plan. Raises NotFound where no upstream serves the model."""
    if not routes:
        raise NotFound(
            f"The model '{request.model[:100]}' is served by no configured upstream.",
            param="model",
            code="model_not_found",
        )
    dialect, fields = request.dialect, request.fields
    models = [route.model for route in routes]
    traits = dialect.traits(fields)
    if looks_things_up(models):
        traits = replace(traits, upstream_state=True)
    chosen = plan(policy, request.controls, traits)
    own = request.client.upstream_key
    normal = policy.normalise and request.controls.normalise
    normalised_fields = dialect.with_user_text(fields, keys.normalised) if normal else fields
    identity = keys.Identity(
        tenant=request.client.tenant,
        namespace=request.controls.namespace,
        path=dialect.path,
        upstream=routes[0].upstream,
        model=routes[0].model,
        query=request.query,
        headers=keys.effective_headers(request.headers),
        account="" if own is None else own.account,
    )
    text = traits.text or ""
    text_digest = keys.text_digest(text)
    key = keys.key_of(normalised_fields, identity)
    return PlannedRequest(
        request=request,
        plan=chosen,
        routes=routes,
        identity=identity,
        normalised_fields=normalised_fields,
        key=key,
        initial_key=key,
        text=text,
        text_digest=text_digest,
        form=request.form,
        normalises=normal,
    )
