"""Facts about the upstreams' state: what calls meet, and a look now and then."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from llm_cache_proxy.administration.metrics.upstream_health import UpstreamHealth
from llm_cache_proxy.domain.errors import UpstreamError, UpstreamUnreachable
from llm_cache_proxy.ports.upstream import Route, UpstreamCall, UpstreamReply
from unit.administration.metrics.test_latest_health import Clock


class Listing:
    """Answers a look at `/models` with a status by upstream; None is no answer."""

    def __init__(self, **statuses: int | None) -> None:
        self.statuses = statuses
        self.failing: dict[str, str] = {}
        self.looks: list[str] = []

    def routes(self, model: str, _: str = "") -> Sequence[Route]:
        return [Route(name, model) for name in self.statuses]

    async def send(self, call: UpstreamCall) -> UpstreamReply:
        [route] = call.routes
        self.looks.append(f"{call.method} {call.path} {route.upstream}")
        status = self.statuses[route.upstream]
        if status is None:
            self.failing[route.upstream] = "failed: no answer"
            raise UpstreamUnreachable("no answer", upstream=route.upstream)
        return UpstreamReply(status, {}, _nothing(), route)

    async def models(self) -> list[dict[str, object]]:
        return []

    async def aclose(self) -> None:
        """Nothing to release."""


async def _nothing() -> AsyncGenerator[bytes, None]:
    yield b""


def health(listing: Listing, clock: Clock, *, looks: bool = True) -> UpstreamHealth:
    names = list(listing.statuses)
    every = 30.0 if looks else None
    return UpstreamHealth(listing, names, lambda: listing.failing, clock, every)


async def test_an_upstream_that_lists_its_models_is_well_and_left_alone_for_a_while() -> None:
    clock, listing = Clock(), Listing(a=200)
    checked = health(listing, clock)

    assert await checked.check() is None
    clock.time += 29
    assert await checked.check() is None
    assert listing.looks == ["GET /models a"]
    clock.time += 1
    assert await checked.check() is None
    assert len(listing.looks) == 2


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "the upstream a refuses the key that is set (status 401)"),
        (None, "the upstream a failed: no answer"),
    ],
)
async def test_health_raises_why_the_only_upstream_fails(status: int | None, said: str) -> None:
    with pytest.raises(UpstreamError) as raised:
        await health(Listing(a=status), Clock()).check()

    assert str(raised.value) == said


async def test_one_of_two_that_is_of_no_use_is_a_remark() -> None:
    said = await health(Listing(a=200, b=403), Clock()).check()

    assert said == "the upstream b refuses the key that is set (status 403)"


async def test_without_checks_the_last_calls_decide() -> None:
    listing = Listing(a=200)
    checked = health(listing, Clock(), looks=False)

    assert await checked.check() is None
    listing.failing["a"] = "answered 503"
    with pytest.raises(UpstreamError, match="the upstream a answered 503"):
        await checked.check()
    assert listing.looks == []


async def test_a_demonstration_is_always_well() -> None:
    assert await health(Listing(), Clock()).check() is None
