"""One instance of the completions function, measured from inside; run as a script, prints JSON.

`python instance.py INVOCATIONS ROUNDS [beside]` with the function's environment: imports the
handler, has one chat completion answered, then INVOCATIONS more, and reports CPU milliseconds;
with "beside", as many calls by upstash-redis alone after each round. Imports nothing but the
handler before it has started the clock.
"""

import json
import os
import sys
import time

TYPE_CHECKING = False  # typing would be imported
if TYPE_CHECKING:
    from collections.abc import Callable

_BODY = {
    "model": "scripted-model",
    "messages": [{"role": "user", "content": "What is Rust, and what is it used for?"}],
}
EVENT = {
    "resource": "/v1/chat/completions",
    "path": "/v1/chat/completions",
    "httpMethod": "POST",
    "headers": {
        "accept": "application/json",
        "authorization": "Bearer sk-benchmark",
        "content-type": "application/json",
        "user-agent": "OpenAI/Python 3.54.0",
        "x-forwarded-for": "192.0.2.1",
    },
    "multiValueHeaders": {},
    "queryStringParameters": None,
    "multiValueQueryStringParameters": None,
    "requestContext": {"identity": {"sourceIp": "192.0.2.1"}, "stage": "live"},
    "body": json.dumps(_BODY),
    "isBase64Encoded": False,
}


def main() -> None:
    """Measure and report."""
    invocations, rounds = int(sys.argv[1]), int(sys.argv[2])
    before = time.process_time()
    import handler  # type: ignore[import-not-found]  # noqa: PLC0415 - what is measured

    imported = time.process_time()
    first = handler.handler(EVENT, None)
    answered = time.process_time()
    modules = sorted(sys.modules)
    beside = _upstash_calls() if "beside" in sys.argv else None
    taken_ms, beside_ms = [], []
    for _ in range(rounds):
        started = time.process_time()
        for _ in range(invocations):
            answer = handler.handler(EVENT, None)
        taken_ms.append((time.process_time() - started) * 1000 / invocations)
        if beside is not None:
            beside_ms.append(beside(invocations))
    report = {
        "import_ms": (imported - before) * 1000,
        "first_ms": (answered - imported) * 1000,
        "first": first["headers"]["x-cache"],
        "last": answer["headers"]["x-cache"] if rounds else None,
        "invocation_ms": taken_ms,
        "beside_ms": beside_ms,
        "modules": modules,
        "resident_mb": _resident_mb(),
    }
    print(json.dumps(report))


def _upstash_calls() -> "Callable[[int], float]":
    """Milliseconds of one plain call by upstash-redis as it comes, on a loop of its own."""
    import asyncio  # noqa: PLC0415

    from upstash_redis.asyncio import Redis  # noqa: PLC0415

    client = Redis.from_env(rest_retries=0, allow_telemetry=False)
    loop = asyncio.new_event_loop()

    async def calls(count: int) -> None:
        for _ in range(count):
            await client.execute(["HGET", "yardstick", "j"])

    def taken(count: int) -> float:
        started = time.process_time()
        loop.run_until_complete(calls(count))
        return (time.process_time() - started) * 1000 / count

    taken(5)
    return taken


def _resident_mb() -> float:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - imports nothing
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
