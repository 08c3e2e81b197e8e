"""Facts about how broadly a graph is searched."""

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import breadth_of_searching


def test_a_larger_graph_is_searched_more_broadly_and_none_less_than_a_small_one() -> None:
    sizes = (0, 100_000, 1_000_000, 10_000_000)

    assert [breadth_of_searching(points) for points in sizes] == [256, 256, 1_019, 4_057]
