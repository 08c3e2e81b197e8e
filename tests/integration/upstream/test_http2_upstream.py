"""An upstream that is configured for HTTP/2 is spoken to in HTTP/2, over one connection."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.upstream.openai import OpenAIUpstream
from llm_cache_proxy.domain.errors import UpstreamError
from llm_cache_proxy.domain.upstreams.config import UpstreamConfig
from servers.requirements import require_program
from servers.upstream.calls import chat_call, fetched
from servers.upstream.http2 import Http2Upstream


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(
        [require_program("openssl"), "req", *options, *names, *files],
        check=True,
        capture_output=True,
    )
    return certificate, key


async def test_many_calls_share_one_connection(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    async with Http2Upstream(*certificate).serving() as server:
        upstream = OpenAIUpstream(UpstreamConfig("up", server.base_url, http2=True))
        await fetched(upstream, chat_call())

        answers = await asyncio.gather(*(fetched(upstream, chat_call()) for _ in range(5)))
        await upstream.aclose()

    assert [status for status, _ in answers] == [200] * 5
    assert server.paths == ["/v1/chat/completions"] * 6
    assert server.connections == 1


async def test_without_the_setting_it_is_not_spoken(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    async with Http2Upstream(*certificate).serving() as server:
        upstream = OpenAIUpstream(UpstreamConfig("up", server.base_url))

        with pytest.raises(UpstreamError):
            await upstream.send(chat_call())
        await upstream.aclose()

    assert server.paths == []
