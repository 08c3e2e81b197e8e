"""What a new process pays before it can answer: imports of ours and of what users would pick."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.findings import Finding, Table
from benchmarks.questions.peers.peers_exact import not_measured
from benchmarks.rig import comparisons
from benchmarks.rig.built_function import function_environment
from benchmarks.rig.peers import install
from benchmarks.rig.peers.install import PeerUnavailable, last_line

METHOD = (
    "New processes in turns, CPU time from the start of the interpreter to the end of the import, "
    "medians of {runs}; compiled files stay. Ours is the completions function with the layer's "
    "packages, ready to answer; the others are what a program imports to use them, or the server."
)
_TIMED = "import time; {}; print(time.process_time() * 1000)"
_IMPORT_SECONDS = 120
_SETTINGS = {
    "REDIS_URL": "redis://127.0.0.1:9/0",  # nobody answers there, nor is anybody asked
    "UPSTREAM_BASE_URL": "http://127.0.0.1:9/v1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
SIDES: dict[str, tuple[Callable[[], Path], str]] = {
    "ours, the completions function": (lambda: comparisons.python_of("function"), "import handler"),
    "LiteLLM": (install.litellm, "import litellm"),
    "LiteLLM proxy": (install.litellm, "import litellm.proxy.proxy_server"),
    "GPTCache, `from gptcache import cache`": (
        lambda: install.python_of("gptcache"),
        "from gptcache import cache",
    ),
    "GPTCache's server": (
        lambda: install.python_of("gptcache"),
        "import gptcache_server.server",
    ),
    "LangChain with langchain-community's RedisCache": (
        lambda: install.python_of("langchain"),
        "from langchain_openai import ChatOpenAI; from langchain_community.cache import RedisCache",
    ),
    "LangChain with langchain-redis' caches": (
        lambda: install.python_of("langchain"),
        "from langchain_openai import ChatOpenAI; from langchain_redis import RedisSemanticCache",
    ),
}


def measured(*, runs: int = 3) -> Finding:
    """Every side in turns."""
    missing: dict[str, str] = {}
    taken: dict[str, list[float]] = {name: [] for name in SIDES}
    for _ in range(runs + 1):
        for name in SIDES:
            if name in missing:
                continue
            try:
                taken[name].append(_import_ms(name))
            except PeerUnavailable as exc:
                missing[name] = str(exc)
    rows = [
        [name, f"{median(spent[1:]):,.0f}"]  # the first compiles
        for name, spent in taken.items()
        if name not in missing
    ]
    return Finding(
        question="What does a new process of ours or of a peer's pay before it can answer?",
        method=METHOD.format(runs=runs),
        tables=[Table("Imports, CPU", ["", "ms"], rows), *not_measured(missing)],
    )


def _import_ms(name: str) -> float:
    python_of, imported = SIDES[name]
    done = subprocess.run(
        [python_of().absolute(), "-W", "ignore", "-c", _TIMED.format(imported)],
        env=function_environment(_SETTINGS),
        capture_output=True,
        text=True,
        check=False,
        timeout=_IMPORT_SECONDS,
    )
    if done.returncode:
        raise PeerUnavailable(f"not imported: {last_line(done.stderr)}")
    return float(done.stdout.split()[-1])
