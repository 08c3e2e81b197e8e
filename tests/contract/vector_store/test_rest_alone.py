"""The semantic store on a server with what the layer carries of qdrant-client and its libraries."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from servers.asgi import serving
from servers.qdrant.rest_server import QdrantRest

TESTS = Path(__file__).parents[2]
STORE_AND_SEARCH = """
import asyncio, json, sys
from importlib.abc import MetaPathFinder

NOT_CARRIED = {"google", "grpc", "numpy", "portalocker", "urllib3"}

class Missing(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in NOT_CARRIED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from llm_cache_proxy.adapters.vector_store.qdrant.server.store import QdrantVectors
from samples.stores.vectors import NOW, SCOPE, at_cosine, entry, key

async def main():
    store = QdrantVectors(sys.argv[1], api_key="secret", timeout_seconds=20)
    await store.store(SCOPE, at_cosine(0.9), entry("rust"))
    found = await store.nearest(SCOPE, at_cosine(1.0), now=NOW, limit=5)
    held = await store.fetch("acme", key("rust"))
    await store.check()
    swept = await store.sweep("acme", "all", 100)
    await store.aclose()
    texts = [candidate.text for candidate in found]
    print(json.dumps([texts, held == entry("rust"), swept, "qdrant_client" in sys.modules]))

asyncio.run(main())
"""


async def test_storing_and_searching_need_neither_grpc_nor_numpy() -> None:
    async with serving(QdrantRest()) as url:
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", STORE_AND_SEARCH, url],
            capture_output=True,
            text=True,
            check=False,
            cwd=TESTS,
            timeout=60,
        )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["What is rust?"], True, 1, False]


def test_the_whole_package_can_still_be_imported_afterwards() -> None:
    code = (
        "import llm_cache_proxy.adapters.qdrant_rest as rest, qdrant_client\n"
        "import qdrant_client._numpy_vectors\n"
        "assert qdrant_client.models.Filter is rest.models.Filter\n"
        "print(qdrant_client.AsyncQdrantClient.__name__)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "AsyncQdrantClient\n"
