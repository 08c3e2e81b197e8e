"""A running proxy in front of an upstream whose answers have every part that there is."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from servers.proxy.process import proxy_process
from servers.upstream.rich_answers import NAMED, rich_answer
from servers.upstream.scripted import ScriptedUpstream

ALWAYS_CACHED = {"/messages/count_tokens"}


@dataclass(frozen=True)
class Stand:
    """Where the upstream is asked directly, and where through the proxy."""

    upstream: ScriptedUpstream
    proxied: str

    @property
    def direct(self) -> str:
        return self.upstream.base_url


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with ScriptedUpstream(rich_answer).in_thread() as upstream:
        settings = {
            "UPSTREAM_BASE_URL": upstream.base_url,
            "UPSTREAM_API_KEY": "sk-upstream",
            "CACHED_PATHS": ",".join(sorted(NAMED.keys() - ALWAYS_CACHED)),
        }
        with proxy_process(tmp_path_factory.mktemp("sdk") / "data", **settings) as proxy:
            yield Stand(upstream, proxy.base_url)
