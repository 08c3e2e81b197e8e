"""Picks the upstreams: the configured ones, or a demonstration."""

from collections.abc import Mapping
from dataclasses import replace

from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.upstreams.config import ANY_MODEL, Timeouts, UpstreamConfig, groq
from llm_cache_proxy.ports.upstream import Upstream
from llm_cache_proxy.settings import Settings, read_variable
from llm_cache_proxy.settings.upstreams import UpstreamSetting, read_keys, read_upstreams

_CONNECT_SECONDS = 5.0


def upstream_or_demonstration(settings: Settings) -> tuple[Upstream, str]:
    """The configured upstreams, or a demonstration if there are none. Raises SettingsError.

    For the local server alone: a demonstration in the cloud would fill the cache with its text.
    """
    if upstream_configs(settings):
        return configured_upstream(settings)
    from llm_cache_proxy.adapters.upstream.demo.upstream import DemoUpstream

    return DemoUpstream(), "demonstration only: set GROQ_API_KEY, or UPSTREAM_BASE_URL"


def configured_upstream(settings: Settings) -> tuple[Upstream, str]:
    """The LLM, and a line for people on what it is. Raises SettingsError where there is none."""
    configs = upstream_configs(settings)
    if not configs:
        raise SettingsError(
            "GROQ_API_KEY, UPSTREAM_BASE_URL or UPSTREAMS: no upstream is configured. A function "
            "never answers with the demonstration: set one of them (in AWS, keys are SecureString "
            "parameters below SecretsPath)."
        )
    from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
    from llm_cache_proxy.adapters.upstream.pool import UpstreamPool

    pool = UpstreamPool(
        [OpenAIUpstream(config) for config in configs],
        deadline_seconds=settings.upstream_timeout_seconds,
    )
    return pool, ", ".join(f"{config.name} at {config.base_url}" for config in configs)


def upstream_configs(settings: Settings) -> list[UpstreamConfig]:
    """The configured upstreams, preferred ones first; empty without any. Raises SettingsError."""
    timeouts = _timeouts(settings.upstream_timeout_seconds)
    if settings.upstreams is not None:
        secret = settings.upstream_keys
        keys = {} if secret is None else read_keys(secret.get_secret_value())
        return [_config(each, keys, settings) for each in read_upstreams(settings.upstreams)]
    if settings.upstream_base_url is not None:
        key = settings.upstream_api_key
        return [
            UpstreamConfig(
                name="upstream",
                base_url=settings.upstream_base_url,
                api_key="" if key is None else key.get_secret_value(),
                timeouts=timeouts,
            )
        ]
    if settings.groq_api_key is not None:
        return [groq(settings.groq_api_key.get_secret_value(), timeouts)]
    return []


def _config(each: UpstreamSetting, keys: Mapping[str, str], settings: Settings) -> UpstreamConfig:
    key = _key(each, keys, settings)
    timeouts = _timeouts(each.timeout_seconds or settings.upstream_timeout_seconds)
    if each.name == "groq":
        known = groq(key, timeouts)
        models = each.models if each.models != (ANY_MODEL,) else known.models
        return replace(
            known, base_url=each.address, models=models, aliases=each.aliases, http2=each.http2
        )
    return UpstreamConfig(
        name=each.name,
        base_url=each.address,
        api_key=key,
        models=each.models,
        aliases=each.aliases,
        timeouts=timeouts,
        http2=each.http2,
        kind=each.speaks,
    )


def _key(each: UpstreamSetting, keys: Mapping[str, str], settings: Settings) -> str:
    if each.name in keys:
        return keys[each.name]
    variable = each.key_variable
    if variable == "GROQ_API_KEY" and settings.groq_api_key is not None:
        return settings.groq_api_key.get_secret_value()
    found = read_variable(variable) if variable is not None else None
    if found is None and variable is not None:
        raise SettingsError(
            f"UPSTREAMS: the key of '{each.name}' is neither in {variable} nor in UPSTREAM_KEYS."
        )
    return found or ""


def _timeouts(seconds: float) -> Timeouts:
    """Limits of one attempt: `seconds` for the whole answer, and a stream's first or next piece."""
    return Timeouts(
        connect_seconds=min(_CONNECT_SECONDS, seconds),
        pool_seconds=min(_CONNECT_SECONDS, seconds),
        write_seconds=min(30.0, seconds),
        first_byte_seconds=seconds,
        idle_seconds=seconds,
        total_seconds=seconds,
        models_seconds=min(5.0, seconds),
    )
