"""The models of several upstreams in one list."""

from llm_cache_proxy.adapters.upstream.model_list import ModelList
from llm_cache_proxy.domain.errors import UpstreamError, UpstreamUnreachable


class Source:
    """Lists `listed`, and is configured with one model named after it."""

    def __init__(self, name: str, *listed: str, reachable: bool = True) -> None:
        self.asked = 0
        self._name = name
        self._listed = listed
        self._reachable = reachable

    async def listed_models(self) -> list[dict[str, object]] | UpstreamError:
        self.asked += 1
        if not self._reachable:
            return UpstreamUnreachable("It cannot be connected to.", upstream=self._name)
        return [{"id": name, "owned_by": self._name} for name in self._listed]

    def configured_models(self) -> list[dict[str, object]]:
        return [{"id": f"{self._name}-configured", "owned_by": self._name}]


class Seconds:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_the_first_upstream_wins_an_id_that_two_have() -> None:
    merged = await ModelList([Source("a", "x", "y"), Source("b", "y", "z")]).merged()

    assert [(model["id"], model["owned_by"]) for model in merged] == [
        ("x", "a"),
        ("y", "a"),
        ("z", "b"),
    ]


async def test_an_upstream_without_a_list_contributes_what_is_configured() -> None:
    merged = await ModelList([Source("a", reachable=False), Source("b", "z")]).merged()

    assert [model["id"] for model in merged] == ["a-configured", "z"]


async def test_a_whole_list_is_kept_for_minutes() -> None:
    source, clock = Source("a", "x"), Seconds()
    models = ModelList([source], kept_seconds=300, monotonic=clock)

    await models.merged()
    clock.now = 299
    await models.merged()
    assert source.asked == 1

    clock.now = 300
    await models.merged()
    assert source.asked == 2


async def test_a_list_with_gaps_is_requested_again_soon() -> None:
    source, clock = Source("a", reachable=False), Seconds()
    models = ModelList([source], gap_seconds=15, monotonic=clock)

    await models.merged()
    clock.now = 15
    await models.merged()

    assert source.asked == 2


async def test_a_caller_cannot_change_the_kept_list() -> None:
    models = ModelList([Source("a", "x")])

    (await models.merged()).clear()

    assert [model["id"] for model in await models.merged()] == ["x"]
