"""An upstream's configuration, and the upstreams that serve a model's name.

Never shows an API key: it is kept out of `repr`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from fnmatch import fnmatchcase

from llm_cache_proxy.domain.dialects.anthropic.errors import speaks_anthropic
from llm_cache_proxy.domain.record import record


class Kind(StrEnum):
    """The provider whose API an upstream speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


ANTHROPIC_BASE_URL = "https://api.anthropic.com/v1"
ANTHROPIC_VERSION = "2023-06-01"
"""What is sent where a client names none: https://platform.claude.com/docs/en/api/versioning."""

ANY_MODEL = "*"
"""The pattern of a catch-all: an upstream for models that no other one names."""

GROQ_BASE_URL = "https://api.groq.com/openai/v1"
GROQ_MODELS = (
    "llama-3.3-70b-versatile",
    "llama-3.1-8b-instant",
    "openai/gpt-oss-120b",
    "openai/gpt-oss-20b",
    "groq/compound",
    "groq/compound-mini",
)
"""Groq's production models, listed while its own list cannot be had."""


@record()
class Timeouts:
    """Limits of one attempt, in seconds.

    `first_byte_seconds` is for streams, `total_seconds` for answers in one piece;
    `idle_seconds` is the longest silence inside an answer; `models_seconds` is for the list of
    models.
    """

    connect_seconds: float = 5.0
    pool_seconds: float = 5.0
    write_seconds: float = 30.0
    first_byte_seconds: float = 120.0
    idle_seconds: float = 60.0
    total_seconds: float = 120.0
    models_seconds: float = 5.0


@record()
class UpstreamConfig:
    """One API that is OpenAI-compatible, or of Anthropic's `kind`.

    `base_url` ends like OpenAI's, in "/v1"; `path_prefix` goes between it and a request's path.
    `models` are names or patterns with `*`; `aliases` are names of ours for names of theirs;
    `known_models` are listed while the upstream's own list is unavailable. `http2` allows
    HTTP/2 where the upstream speaks it.
    """

    name: str
    base_url: str
    api_key: str = field(default="", repr=False)
    models: tuple[str, ...] = (ANY_MODEL,)
    aliases: Mapping[str, str] = field(default_factory=dict)
    known_models: tuple[str, ...] = ()
    path_prefix: str = ""
    http2: bool = False
    kind: Kind = Kind.OPENAI
    timeouts: Timeouts = field(default_factory=Timeouts)

    def named(self, model: str) -> str | None:
        """The model's name there if an alias, a name or a pattern other than `*` says so."""
        if model in self.aliases:
            return self.aliases[model]
        patterns = (pattern for pattern in self.models if pattern != ANY_MODEL)
        return model if any(fnmatchcase(model, pattern) for pattern in patterns) else None

    def served(self, model: str) -> str | None:
        """The model's name there, by `*` as well; None when it is not served."""
        named = self.named(model)
        return model if named is None and ANY_MODEL in self.models else named

    def url(self, path: str, query: str = "") -> str:
        """The address of `path` ("/chat/completions") there."""
        address = f"{self.base_url.rstrip('/')}{self.path_prefix}{path}"
        return f"{address}?{query}" if query else address

    def configured_models(self) -> Iterator[str]:
        """Every model name that is known without calling the upstream."""
        yield from self.aliases
        yield from (model for model in self.models if ANY_MODEL not in model)
        yield from self.known_models


def groq(api_key: str, timeouts: Timeouts | None = None) -> UpstreamConfig:
    """Groq as it stands; two of its own models start with "groq/", which is no prefix there."""
    own = tuple(model for model in GROQ_MODELS if model.startswith("groq/"))
    return UpstreamConfig(
        name="groq",
        base_url=GROQ_BASE_URL,
        api_key=api_key,
        models=(*own, ANY_MODEL),
        known_models=GROQ_MODELS,
        timeouts=timeouts or Timeouts(),
    )


def of_kind(configs: Sequence[UpstreamConfig], path: str) -> Sequence[UpstreamConfig]:
    """Those that speak the API that `path` is of; all, where none is of that kind.

    Many servers speak both, under either kind.
    """
    wanted = Kind.ANTHROPIC if speaks_anthropic(path) else Kind.OPENAI
    return [config for config in configs if config.kind is wanted] or configs


def candidates(
    configs: Sequence[UpstreamConfig], model: str
) -> Iterator[tuple[UpstreamConfig, str]]:
    """The upstreams that serve `model`, each with its name for it, preferred first.

    First those that name it, in configured order; if there are none and it reads "upstream/model",
    that upstream alone. Catch-alls come last.
    """
    naming = [(config, name) for config in configs if (name := config.named(model)) is not None]
    yield from naming
    prefix, slash, rest = model.partition("/")
    if slash and not naming:
        meant = [config for config in configs if config.name == prefix]
        found = [(config, name) for config in meant if (name := config.served(rest)) is not None]
        if found:
            yield from found
            return
    taken = {config.name for config, _ in naming}
    yield from (
        (config, model)
        for config in configs
        if ANY_MODEL in config.models and config.name not in taken
    )
