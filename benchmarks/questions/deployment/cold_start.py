"""What a new instance pays before its first answer, beside `import litellm`."""

import re
import subprocess
from collections import Counter
from pathlib import Path
from statistics import median
from typing import cast

from benchmarks.findings import Budget, Finding, Table
from benchmarks.questions.deployment.function_hit import stored
from benchmarks.rig.built_function import Report, function_environment, instance, stores
from benchmarks.rig.comparisons import python_of

HEAVY = ("numpy", "grpc", "qdrant_client.http", "boto3", "botocore", "onnxruntime")
SEMANTIC = {"QDRANT_URL": "http://127.0.0.1:9", "EMBEDDING_FUNCTION": "embedding:live"}
"""A semantic tier that is configured, as in the cloud; nobody answers there."""
METHOD = (
    "New processes with the layer's packages, the semantic tier configured, secrets in the "
    "environment, no SnapStart, in turns with `python -c 'import litellm'`; CPU time, medians of "
    "{runs}. What is compiled already stays so, as in a deployed package."
)
_LITELLM = (
    "import time; t = time.process_time(); import litellm; print((time.process_time() - t) * 1000)"
)
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def measured(*, runs: int = 7) -> Finding:
    """Both sides in turns."""
    reports: list[Report] = []
    litellm_ms: list[float] = []
    with stores() as by_client:
        settings = by_client["upstash-redis"] | SEMANTIC
        stored(by_client["upstash-redis"])
        for _ in range(runs):
            reports.append(instance(settings))
            litellm_ms.append(_litellm_import_ms())
        shares = import_shares(settings)
    if any(report["first"] != "HIT-EXACT" for report in reports):
        raise RuntimeError("the first answer was no hit")
    import_ms, first_ms = _median(reports, "import_ms"), _median(reports, "first_ms")
    return Finding(
        question="What does a cold start cost?",
        method=METHOD.format(runs=runs),
        tables=[
            Table(
                "CPU before the first answer, ms",
                ["", "ms"],
                [
                    ["import and init of the completions handler", f"{import_ms:.0f}"],
                    ["its first exact hit", f"{first_ms:.0f}"],
                    ["`import litellm`", f"{median(litellm_ms):.0f}"],
                ],
            ),
            Table(
                "Import time by package (`-X importtime`, which adds to it)",
                ["package", "ms"],
                [[name, f"{spent:.0f}"] for name, spent in shares.most_common(12)],
            ),
        ],
        budgets=[
            Budget(
                "import and init of the completions handler, of `import litellm`",
                import_ms / median(litellm_ms),
                0.20,
                "×",
            ),
            Budget("heavy modules loaded before the first exact hit", len(loaded(reports[0])), 0),
        ],
        figures={"import_ms": import_ms, "first_ms": first_ms},
    )


def loaded(report: Report) -> list[str]:
    """Which of the heavy modules are in a process that has answered its first hit."""
    return sorted(set(HEAVY) & set(cast("list[str]", report["modules"])))


def import_shares(settings: dict[str, str]) -> Counter[str]:
    """Milliseconds by top-level package, each module's own time."""
    done = subprocess.run(
        [python_of("function").absolute(), "-X", "importtime", "-c", "import handler"],
        env=function_environment(settings),
        capture_output=True,
        check=True,
        timeout=60,
    )
    shares: Counter[str] = Counter()
    for microseconds, module in _LINE.findall(done.stderr.decode()):
        top = module.partition(".")[0]
        shares[top if _is_installed(top) else "standard library"] += int(microseconds) / 1000  # type: ignore[assignment]
    return shares


def _is_installed(top: str) -> bool:
    folder = Path(python_of("function")).parents[1] / "lib"
    return top == "llm_cache_proxy" or any(folder.glob(f"python3.*/site-packages/{top}*"))


def _litellm_import_ms() -> float:
    done = subprocess.run(
        [python_of("litellm"), "-c", _LITELLM],
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
        timeout=120,
    )
    return float(done.stdout.split()[-1])


def _median(reports: list[Report], name: str) -> float:
    return median(cast("float", report[name]) for report in reports)
