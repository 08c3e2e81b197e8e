"""Who is asked, how often, and after how long."""

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from llm_cache_proxy.adapters.upstream.pool import Timing, UpstreamPool
from llm_cache_proxy.domain.client_keys.key_ring import UpstreamKey
from llm_cache_proxy.domain.errors import (
    InvalidRequest,
    UpstreamError,
    UpstreamTimedOut,
    UpstreamUnreachable,
)
from llm_cache_proxy.domain.upstreams.config import Kind, UpstreamConfig
from llm_cache_proxy.domain.upstreams.retry import RetryPolicy
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply
from servers.upstream.calls import chat_call, get, post

Answer = int | tuple[int, Mapping[str, str]] | UpstreamError


@dataclass
class Time:
    """A clock that only waiting moves."""

    now: float = 1000.0
    waits: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def timing(self) -> Timing:
        def read() -> float:
            return self.now

        return Timing(sleep=self.sleep, fraction=lambda: 1.0, monotonic=read, now=read)


class ScriptedMember:
    """An upstream that answers as listed, then with 200, and remembers what it was asked."""

    def __init__(self, name: str, time: Time, *answers: Answer, takes_seconds: float = 0) -> None:
        self.config = UpstreamConfig(name, f"https://{name}.example/v1")
        self.calls: list[UpstreamCall] = []
        self.limits: list[float] = []
        self.unread = 0
        self._time = time
        self._answers = list(answers)
        self._takes_seconds = takes_seconds

    async def send(self, call: UpstreamCall, *, within_seconds: float = math.inf) -> UpstreamReply:
        self.calls.append(call)
        self.limits.append(within_seconds)
        self._time.now += self._takes_seconds
        answer = self._answers.pop(0) if self._answers else 200
        if isinstance(answer, UpstreamError):
            raise answer
        status, headers = (answer, {}) if isinstance(answer, int) else answer
        body = self._body()
        await anext(body)  # as if the first byte had been waited for
        self.unread += 1
        return UpstreamReply(status, headers, body, call.routes[0])

    async def listed_models(self) -> list[dict[str, object]] | UpstreamError:
        return []

    def configured_models(self) -> list[dict[str, object]]:
        return []

    async def aclose(self) -> None:
        self.calls.clear()

    async def _body(self) -> AsyncGenerator[bytes, None]:
        try:
            yield b""
            yield b"{}"
        finally:
            self.unread -= 1


UNREACHABLE = UpstreamUnreachable("gone", upstream="a")
A, B = Route("a", "m"), Route("b", "m")


def pool_of(*members: ScriptedMember, time: Time, deadline_seconds: float = 120) -> UpstreamPool:
    policy = RetryPolicy(attempts=3, first_backoff_seconds=1.0, max_backoff_seconds=8.0)
    return UpstreamPool(
        members, retry=policy, deadline_seconds=deadline_seconds, timing=time.timing()
    )


@pytest.mark.parametrize("trouble", [408, 409, 429, 500, 503, UNREACHABLE])
async def test_a_passing_trouble_is_outlasted(trouble: Answer) -> None:
    time = Time()
    member = ScriptedMember("a", time, trouble, trouble)

    reply = await pool_of(member, time=time).send(chat_call(routes=[A]))

    assert (reply.status, reply.attempts) == (200, 3)
    assert time.waits == [1.0, 2.0]
    assert member.unread == 1
    await reply.body.aclose()


async def test_a_500_that_persists_is_returned_after_three_attempts() -> None:
    time = Time()
    member = ScriptedMember("a", time, *[500] * 9)

    reply = await pool_of(member, time=time).send(chat_call(routes=[A]))

    assert (reply.status, reply.attempts, member.unread) == (500, 3, 1)
    await reply.body.aclose()


async def test_an_unreachable_upstream_is_an_error_in_the_end() -> None:
    time = Time()
    member = ScriptedMember("a", time, *[UNREACHABLE] * 9)

    with pytest.raises(UpstreamUnreachable):
        await pool_of(member, time=time).send(chat_call(routes=[A]))

    assert len(member.calls) == 3


@pytest.mark.parametrize("status", [200, 400, 413, 422])
async def test_an_answer_or_a_refusal_is_requested_once(status: int) -> None:
    time = Time()
    first, second = ScriptedMember("a", time, status), ScriptedMember("b", time)

    reply = await pool_of(first, second, time=time).send(chat_call(routes=[A, B]))

    assert (reply.status, reply.attempts, second.calls) == (status, 1, [])
    await reply.body.aclose()


async def test_the_upstreams_wait_is_kept() -> None:
    time = Time()
    member = ScriptedMember(
        "a", time, (429, {"retry-after": "20"}), (429, {"retry-after-ms": "3500"})
    )

    reply = await pool_of(member, time=time).send(chat_call(routes=[A]))

    assert time.waits == [20.0, 3.5]
    assert reply.status == 200
    await reply.body.aclose()


async def test_no_request_waits_past_the_deadline() -> None:
    time = Time()
    member = ScriptedMember("a", time, (429, {"retry-after": "30"}))

    reply = await pool_of(member, time=time, deadline_seconds=30).send(chat_call(routes=[A]))

    assert (reply.status, reply.headers["retry-after"], time.waits) == (429, "30", [])
    await reply.body.aclose()


async def test_an_attempt_gets_the_time_that_is_left() -> None:
    time = Time()
    member = ScriptedMember("a", time, 500, takes_seconds=10)

    reply = await pool_of(member, time=time, deadline_seconds=60).send(chat_call(routes=[A]))

    assert member.limits == [60.0, 49.0]
    await reply.body.aclose()


async def test_should_retry_false_is_obeyed() -> None:
    time = Time()
    member = ScriptedMember("a", time, (429, {"x-should-retry": "false"}))

    reply = await pool_of(member, time=time).send(chat_call(routes=[A]))

    assert (reply.status, reply.attempts) == (429, 1)
    await reply.body.aclose()


async def test_a_timeout_is_not_repeated_on_the_same_upstream() -> None:
    time = Time()
    first = ScriptedMember("a", time, UpstreamTimedOut("slow", upstream="a"))
    second = ScriptedMember("b", time)

    reply = await pool_of(first, second, time=time).send(chat_call(routes=[A, B]))

    assert (reply.route, reply.attempts, len(first.calls)) == (B, 2, 1)
    await reply.body.aclose()


@pytest.mark.parametrize("trouble", [401, 403, 404])
async def test_a_key_or_model_unknown_there_goes_on_to_the_next(trouble: int) -> None:
    time = Time()
    first, second = ScriptedMember("a", time, trouble), ScriptedMember("b", time)

    reply = await pool_of(first, second, time=time).send(chat_call(routes=[A, B]))

    assert (reply.route, reply.attempts, time.waits, first.unread) == (B, 2, [], 0)
    await reply.body.aclose()


async def test_a_long_wait_is_not_made_while_another_route_is_left() -> None:
    time = Time()
    first, second = (
        ScriptedMember("a", time, (429, {"retry-after": "60"})),
        ScriptedMember("b", time),
    )

    reply = await pool_of(first, second, time=time).send(chat_call(routes=[A, B]))

    assert (reply.route, time.waits) == (B, [])
    await reply.body.aclose()


async def test_routes_are_tried_in_the_calls_order() -> None:
    time = Time()
    first, second = ScriptedMember("a", time), ScriptedMember("b", time, *[UNREACHABLE] * 3)

    reply = await pool_of(first, second, time=time).send(chat_call(routes=[B, A]))

    assert (reply.route, reply.attempts) == (A, 4)
    await reply.body.aclose()


async def test_an_upload_is_never_sent_twice() -> None:
    time = Time()
    first, second = ScriptedMember("a", time, UNREACHABLE), ScriptedMember("b", time)

    with pytest.raises(UpstreamUnreachable):
        await pool_of(first, second, time=time).send(post("/files", {}, routes=[A, B]))

    assert (len(first.calls), len(second.calls)) == (1, 0)


async def test_a_request_without_a_model_goes_to_the_preferred_upstream() -> None:
    time = Time()
    first, second = ScriptedMember("a", time), ScriptedMember("b", time)

    reply = await pool_of(first, second, time=time).send(get("/files"))

    assert reply.route.upstream == "a"
    await reply.body.aclose()


@pytest.mark.parametrize("routes", [(A, B), ()])
async def test_a_clients_own_key_goes_to_one_upstream_alone(routes: Sequence[Route]) -> None:
    time = Time()
    first = ScriptedMember("a", time, *[UpstreamUnreachable("away", upstream="a")] * 3)
    second = ScriptedMember("b", time)
    call = replace(chat_call(routes=routes), upstream_key=UpstreamKey("sk-own", "0a1b"))

    with pytest.raises(UpstreamUnreachable):
        await pool_of(first, second, time=time).send(call)

    assert second.calls == []


MIXED = (
    UpstreamConfig("a", "https://a.example/v1"),
    UpstreamConfig("claude", "https://c.example/v1", models=("claude-*",), kind=Kind.ANTHROPIC),
)


@pytest.mark.parametrize("headers", [{}, {"anthropic-version": "2023-06-01"}])
async def test_a_clients_own_key_is_shown_to_its_provider_where_both_may_have_the_path(
    headers: Mapping[str, str],
) -> None:
    members = {each.name: ScriptedMember(each.name, Time()) for each in MIXED}
    for each in MIXED:
        members[each.name].config = each
    pool = UpstreamPool(list(members.values()))
    call = replace(
        chat_call(model="claude-2", routes=pool.routes("claude-2", "/complete")),
        path="/complete",
        headers=headers,
        upstream_key=UpstreamKey("sk-own", "0a1b"),
    )

    reply = await pool.send(call)

    assert reply.route == Route("claude", "claude-2")
    assert members["a"].calls == []
    await reply.body.aclose()


async def test_a_clients_own_key_goes_to_no_upstream_where_its_provider_is_unknown() -> None:
    members = [ScriptedMember(each.name, Time()) for each in MIXED]
    for member, each in zip(members, MIXED, strict=True):
        member.config = each
    pool = UpstreamPool(members)
    routes = pool.routes("any", "/complete")
    call = replace(
        chat_call(model="any", routes=routes),
        path="/complete",
        upstream_key=UpstreamKey("sk-own", "0a1b"),
    )

    with pytest.raises(InvalidRequest):
        await pool.send(call)

    assert [member.calls for member in members] == [[], []]


async def test_without_any_upstream_nothing_can_be_reached() -> None:
    with pytest.raises(UpstreamUnreachable, match="No upstream"):
        await UpstreamPool([]).send(chat_call())


async def test_a_route_to_an_unknown_upstream_is_passed_over() -> None:
    time = Time()

    reply = await pool_of(ScriptedMember("a", time), time=time).send(
        chat_call(routes=[Route("gone", "m"), A])
    )

    assert reply.route == A
    await reply.body.aclose()


async def test_no_other_route_is_begun_after_the_deadline() -> None:
    time = Time()
    slow = ScriptedMember("a", time, UpstreamTimedOut("slow", upstream="a"), takes_seconds=30)
    second = ScriptedMember("b", time)

    with pytest.raises(UpstreamTimedOut):
        await pool_of(slow, second, time=time, deadline_seconds=30).send(chat_call(routes=[A, B]))

    assert second.calls == []
