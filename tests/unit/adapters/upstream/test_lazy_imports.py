"""What importing the upstreams costs."""

import subprocess
import sys


def test_the_http_library_is_loaded_on_first_use_only() -> None:
    code = (
        "import sys, llm_cache_proxy.adapters.upstream.pool,"
        "llm_cache_proxy.adapters.upstream.demo.upstream, llm_cache_proxy.adapters.upstream.openai;"
        "print([name for name in ('httpx', 'httpcore', 'anyio') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
