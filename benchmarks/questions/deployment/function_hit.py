"""What one warm invocation of the completions function costs, event in and answer out."""

import contextlib
import time
from statistics import median
from typing import cast

from benchmarks.findings import Budget, Finding, Table
from benchmarks.rig.built_function import Report, instance, stores

METHOD = (
    "The built function (the layer's packages, no others) in a process of its own behind Mangum; "
    "API Gateway's event, an exact hit, {rounds} rounds of {invocations} invocations. CPU time of "
    "that process; the store, a real Redis and for upstash-redis a REST gateway before it, runs "
    "beside it."
)


def measured(*, invocations: int = 100, rounds: int = 30) -> Finding:
    """Both clients in one run."""
    reports: dict[str, Report] = {}
    with stores() as settings:
        stored(settings["upstash-redis"])
        for client, wanted in settings.items():
            report = instance(wanted, invocations=invocations, rounds=rounds)
            if report["last"] != "HIT-EXACT":
                raise RuntimeError(f"{client}: {report['last']}")
            reports[client] = report
    least = {client: min(_taken_ms(report)) for client, report in reports.items()}
    return Finding(
        question="What does a warm invocation cost?",
        method=METHOD.format(invocations=invocations, rounds=rounds),
        tables=[
            Table(
                "An exact hit through the handler",
                ["client", "CPU, least round, ms", "CPU, median round, ms", "resident, MB"],
                [
                    [
                        client,
                        f"{least[client]:.2f}",
                        f"{median(_taken_ms(report)):.2f}",
                        f"{report['resident_mb']:.0f}",
                    ]
                    for client, report in reports.items()
                ],
            )
        ],
        budgets=[
            Budget("warm invocation with upstash-redis: CPU", least["upstash-redis"], 1.2, "ms"),
        ],
        figures={
            "upstash_ms": least["upstash-redis"],
            "redis_ms": least["redis-py"],
            "resident_mb": cast("float", reports["upstash-redis"]["resident_mb"]),
        },
    )


def stored(settings: dict[str, str]) -> None:
    """Have the answer stored, as soon as the store answers."""
    for _ in range(50):
        with contextlib.suppress(RuntimeError):
            instance(settings)
            if instance(settings)["first"] == "HIT-EXACT":
                return
        time.sleep(0.2)
    raise RuntimeError("the store does not answer")


def _taken_ms(report: Report) -> list[float]:
    return cast("list[float]", report["invocation_ms"])
