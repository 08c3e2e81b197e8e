"""The provider of a request without a telling model, and of a client's own key.

A key goes to its own provider only: where the provider is unknown, no upstream is called.
"""

from collections.abc import Mapping, Sequence

from llm_cache_proxy.domain.dialects.anthropic.errors import speaks_anthropic
from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.upstreams.config import ANY_MODEL, Kind, UpstreamConfig, candidates

OPENAI_ALONE = frozenset(
    {
        "assistants",
        "audio",
        "batches",
        "chat",
        "completions",
        "conversations",
        "embeddings",
        "fine_tuning",
        "images",
        "moderations",
        "realtime",
        "responses",
        "threads",
        "uploads",
        "vector_stores",
        "videos",
    }
)
"""First parts of paths that Anthropic's API does not have."""


def without_model(
    configs: Sequence[UpstreamConfig], path: str, headers: Mapping[str, str], *, own_key: bool
) -> Sequence[UpstreamConfig]:
    """Who is asked where no model says so, of the kind that is spoken: catch-alls, or the first.

    `own_key` is a client's, for one provider's eyes. Raises InvalidRequest where it may be for
    either kind.
    """
    kind = _spoken(path, headers)
    if kind is None and own_key and len({config.kind for config in configs}) > 1:
        raise _undecided("This names no model that is served here")
    wanted = kind or Kind.OPENAI
    speaking = [config for config in configs if config.kind is wanted] or configs
    return [config for config in speaking if ANY_MODEL in config.models] or speaking[:1]


def for_own_key(
    configs: Sequence[UpstreamConfig], model: str, path: str, headers: Mapping[str, str]
) -> Sequence[UpstreamConfig]:
    """Those whose provider a client's own key is for, in a request for a `model` that is served.

    A path of one API alone decides. Elsewhere the model's name does where upstreams of one kind
    name it, and headers of the other API do not say otherwise; else the headers do. Raises
    InvalidRequest where the provider is unknown: a guess would show the key to a stranger.
    """
    kinds = {config.kind for config in configs}
    if len(kinds) == 1:
        return configs
    kind = _path_kind(path) or _kind_of(configs, model, headers)
    serving = [config for config in configs if config.kind is kind]
    if not any(True for _ in candidates(serving, model)):
        raise _undecided("The model alone does not tell")
    return serving


def _kind_of(
    configs: Sequence[UpstreamConfig], model: str, headers: Mapping[str, str]
) -> Kind | None:
    prefix = model.partition("/")[0]
    naming = {each.kind for each in configs if each.named(model) is not None}
    naming = naming or {each.kind for each in configs if each.name == prefix != model}
    by_headers = _headers_kind(headers)
    if not naming:
        return by_headers
    meant = naming if by_headers is None else naming & {by_headers}
    return meant.pop() if len(meant) == 1 else None


def _undecided(why: str) -> InvalidRequest:
    return InvalidRequest(
        f"{why}, and nothing says which provider your key is for. Send 'anthropic-version' with a "
        "key of Anthropic's, or 'openai-organization', 'openai-project' or 'openai-beta' with one "
        "of OpenAI's.",
        code="undecided_upstream",
    )


def _spoken(path: str, headers: Mapping[str, str]) -> Kind | None:
    """The provider of a request, by its path, or else by its headers; None if neither shows it."""
    return _path_kind(path) or _headers_kind(headers)


def _path_kind(path: str) -> Kind | None:
    if speaks_anthropic(path):
        return Kind.ANTHROPIC
    return Kind.OPENAI if path.removeprefix("/").partition("/")[0] in OPENAI_ALONE else None


def _headers_kind(headers: Mapping[str, str]) -> Kind | None:
    kinds = [kind for kind in Kind if any(name.startswith(f"{kind}-") for name in headers)]
    return kinds[0] if len(kinds) == 1 else None
