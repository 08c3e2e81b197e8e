import pytest

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.probing.pairs import PAIRS


@pytest.mark.parametrize("name", [name for name, *_ in PAIRS])
def test_the_guard_tells_every_pair_of_the_probes_apart(name: str) -> None:
    _, _, one, other = next(pair for pair in PAIRS if pair[0] == name)

    assert not Guard().compare(one, other).accepted
