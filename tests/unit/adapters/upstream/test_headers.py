"""Which headers pass between a client and an upstream."""

import pytest

from llm_cache_proxy.adapters.upstream.headers import for_client, for_upstream
from llm_cache_proxy.domain.client_keys.upstream_keys import ACCOUNT_HEADERS
from llm_cache_proxy.domain.upstreams.config import Kind


def sent(
    client: dict[str, str], *, key: str = "sk-ours", compressed: bool = True
) -> dict[str, str]:
    headers = for_upstream(client, api_key=key, compressed=compressed)
    return {name.decode(): value.decode("latin-1") for name, value in headers}


@pytest.mark.parametrize(
    "name",
    [
        "cookie",
        "Authorization",
        "x-cache-mode",
        "x-bypass-cache",
        "x-stainless-lang",
        "idempotency-key",
        "openai-organization",
        "X-Api-Key",
        "anthropic-workspace-id",
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "x-forwarded-for",
        "x-amzn-trace-id",
    ],
)
def test_what_is_not_listed_does_not_pass(name: str) -> None:
    assert "secret" not in " ".join(sent({name: "secret"}).values())


def test_what_an_upstream_needs_passes() -> None:
    client = {"Content-Type": "application/json", "OpenAI-Beta": "x=1", "X-Title": "App"}
    client["traceparent"] = f"00-{'1' * 32}-{'2' * 16}-01"

    headers = sent(client)

    assert headers["content-type"] == "application/json"
    assert headers["openai-beta"] == "x=1"
    assert headers["x-title"] == "App"
    assert headers["traceparent"] == client["traceparent"]


def test_the_key_sent_is_the_upstreams() -> None:
    assert sent({"authorization": "Bearer client"})["authorization"] == "Bearer sk-ours"


def test_a_client_says_which_version_and_betas_it_knows() -> None:
    asked = {"anthropic-version": "2023-01-01", "anthropic-beta": "a,b"}

    headers = sent(asked)

    assert {name: headers[name] for name in asked} == asked


def to_anthropic(path: str, client: dict[str, str], key: str = "sk-ours") -> dict[str, str]:
    headers = for_upstream(client, api_key=key, compressed=True, kind=Kind.ANTHROPIC, path=path)
    return {name.decode(): value.decode("latin-1") for name, value in headers}


def test_anthropic_is_shown_the_key_as_it_knows_keys() -> None:
    headers = to_anthropic("/messages", {"x-api-key": "clients", "authorization": "Bearer c"})

    assert headers["x-api-key"] == "sk-ours"
    assert "authorization" not in headers
    assert to_anthropic("/chat/completions", {})["authorization"] == "Bearer sk-ours"
    assert "x-api-key" not in to_anthropic("/messages", {}, key="")


def test_anthropic_gets_a_version_where_the_client_sends_none() -> None:
    assert to_anthropic("/models", {})["anthropic-version"] == "2023-06-01"
    headers = to_anthropic("/messages", {"anthropic-version": "2023-01-01"})
    assert headers["anthropic-version"] == "2023-01-01"


def test_a_clients_own_account_is_named_where_its_own_key_goes() -> None:
    given = {"OpenAI-Organization": "org-1", "openai-project": "proj-1", "cookie": "secret"}

    own = for_upstream(given, api_key="k", compressed=True, passing=ACCOUNT_HEADERS)

    sent_on = {name.decode(): value.decode() for name, value in own}
    assert (sent_on["openai-organization"], sent_on["openai-project"]) == ("org-1", "proj-1")
    assert "cookie" not in sent_on


def test_an_upstream_without_a_key_gets_no_credentials() -> None:
    assert "authorization" not in sent({"authorization": "Bearer client"}, key="")


def test_a_stream_is_requested_uncompressed() -> None:
    assert sent({}, compressed=False)["accept-encoding"] == "identity"
    assert sent({"accept-encoding": "br"})["accept-encoding"] == "gzip, deflate"


def test_a_value_cannot_end_its_header() -> None:
    assert sent({"x-title": "a\r\nevil: 1\x00 \u2603é"})["x-title"] == "a  evil: 1  ?é"


def test_rate_limits_and_request_id_come_back_as_the_upstreams() -> None:
    kept = for_client(
        [
            (b"X-RateLimit-Remaining-Requests", b"7"),
            (b"ratelimit-reset", b"3"),
            (b"anthropic-ratelimit-tokens-limit", b"9"),
            (b"X-Request-Id", b"req_1"),
            (b"Retry-After", b"2"),
        ]
    )

    assert kept == {
        "x-upstream-ratelimit-remaining-requests": "7",
        "x-upstream-ratelimit-reset": "3",
        "x-upstream-ratelimit-tokens-limit": "9",
        "x-upstream-request-id": "req_1",
        "retry-after": "2",
    }


@pytest.mark.parametrize(
    "name",
    [
        "set-cookie",
        "content-encoding",
        "content-length",
        "transfer-encoding",
        "connection",
        "openai-organization",
        "server",
        "x-cache",
        "location",
        "access-control-allow-origin",
    ],
)
def test_a_client_never_sees_the_upstreams_connection_or_account(name: str) -> None:
    assert for_client([(name.encode(), b"x")]) == {}


def test_a_header_sent_twice_is_one_list() -> None:
    assert for_client([(b"openai-version", b"1"), (b"OpenAI-Version", b"2")]) == {
        "openai-version": "1, 2"
    }
