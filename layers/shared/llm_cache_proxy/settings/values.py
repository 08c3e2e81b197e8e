"""The types of settings' values, each of which says what it expects."""

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
)

from llm_cache_proxy.domain.requests.cached_paths import listed_paths, uncacheable
from llm_cache_proxy.settings.addresses import (
    base_url,
    host_names,
    http_url,
    origins,
    redis_url,
    root_url,
)
from llm_cache_proxy.settings.upstreams import read_keys, read_upstreams


def _redis_url(value: SecretStr) -> SecretStr:
    redis_url(value.get_secret_value())
    return value


def _signing_secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _LEAST_SECRET_CHARACTERS:
        raise ValueError(f"expected at least {_LEAST_SECRET_CHARACTERS} characters of randomness")
    return value


_LEAST_SECRET_CHARACTERS = 32


def _header_secret(value: SecretStr) -> SecretStr:
    if not all("!" <= character <= "~" for character in value.get_secret_value()):
        raise ValueError("expected a key of printable ASCII without spaces")
    return value


def _upstreams(value: str) -> str:
    read_upstreams(value)
    return value


def _upstream_keys(value: SecretStr) -> SecretStr:
    read_keys(value.get_secret_value())
    return value


def _secret_url(value: SecretStr) -> SecretStr:
    http_url(value.get_secret_value())
    return value


def _cached_paths(value: str) -> str:
    refused = [path for path in listed_paths(value) if uncacheable(path)]
    if refused:
        raise ValueError(
            f"{refused[0]} cannot be cached so: it keeps something at the upstream, has rules "
            "of its own, or is no path"
        )
    return value


def _small(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _capitals(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


AnyCase = BeforeValidator(_small)
"""A word from a list, in whatever case it is written."""

LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_capitals)]
HttpUrl = Annotated[str, AfterValidator(http_url)]
RootUrl = Annotated[str, AfterValidator(root_url)]
BaseUrl = Annotated[str, AfterValidator(base_url)]
Origins = Annotated[str, AfterValidator(origins)]
HostNames = Annotated[str, AfterValidator(host_names)]
RedisUrl = Annotated[SecretStr, AfterValidator(_redis_url)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_url)]
Upstreams = Annotated[str, AfterValidator(_upstreams)]
UpstreamKeys = Annotated[SecretStr, AfterValidator(_upstream_keys)]
HeaderSecret = Annotated[SecretStr, AfterValidator(_header_secret)]
CachedPaths = Annotated[str, AfterValidator(_cached_paths)]
SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]
Similarity = Annotated[float, Field(ge=0.5, le=1)]
Seconds = Annotated[float, Field(gt=0, le=900)]
