"""Facts about a graph's library: it takes nobody along."""

import subprocess
import sys

_BOTH = (
    "import llm_cache_proxy.adapters.vector_store.qdrant.embedded.scope_graph, onnxruntime, os\n"
    "print(os.environ['ORT_DISABLE_TELEMETRY'])"
)


def test_a_process_that_has_a_graph_may_import_onnxruntime_afterwards() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _BOTH], capture_output=True, check=False, text=True
    )

    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
