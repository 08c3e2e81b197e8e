"""Facts about a graph's library: how broadly it searches, and that it takes nobody along."""

import subprocess
import sys

from llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph import breadth_of_searching


def test_a_larger_graph_is_searched_more_broadly_and_none_less_than_a_small_one() -> None:
    sizes = (0, 100_000, 1_000_000, 10_000_000)

    assert [breadth_of_searching(points) for points in sizes] == [256, 256, 1_019, 4_057]


_BOTH = (
    "import llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph, onnxruntime, os\n"
    "print(os.environ['ORT_DISABLE_TELEMETRY'])"
)


def test_a_process_that_has_a_graph_may_import_onnxruntime_afterwards() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BOTH], capture_output=True, check=False, text=True
    )

    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
