"""One embedder, measured in a process of its own; run as a script, prints JSON.

`python embedding_process.py ours FOLDER` or `… sentence-transformers FOLDER`. One thread. Prints
"loaded" once the first vector is there; each line it then reads asks for a turn at that many
tokens. Imports nothing but the embedder before it has started the clock.
"""

import json
import os
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")

_WORD = "word "
_TURN_SECONDS = 0.4


def main() -> None:
    """Load, then take turns."""
    kind, folder = sys.argv[1], sys.argv[2]
    before = time.perf_counter(), time.process_time()
    embed = _ours(folder) if kind == "ours" else _sentence_transformers(folder)
    embed(["What is Rust?"])
    loaded = {
        "load_ms": (time.perf_counter() - before[0]) * 1000,
        "load_cpu_ms": (time.process_time() - before[1]) * 1000,
        "resident_mb": _resident_mb(),
    }
    print(json.dumps(loaded), flush=True)
    for line in sys.stdin:
        text = _WORD * (int(line) - 2)  # and a token before and after
        print(_turn(lambda text=text: embed([text])), flush=True)


def _turn(call) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001 - typing would be imported
    """The least CPU milliseconds of one call."""
    least, ends = float("inf"), time.perf_counter() + _TURN_SECONDS
    while time.perf_counter() < ends:
        started = time.process_time()
        call()
        least = min(least, (time.process_time() - started) * 1000)
    return least


def _ours(folder: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from pathlib import Path  # noqa: PLC0415

    from llm_cache_proxy.adapters.embedder.minilm.engine import MiniLMEngine  # noqa: PLC0415

    return MiniLMEngine.load(Path(folder), threads=1).embed


def _sentence_transformers(folder: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    torch.set_num_threads(1)
    return SentenceTransformer(folder, device="cpu").encode


def _resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - imports nothing
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
