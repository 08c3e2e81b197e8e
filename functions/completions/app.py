"""What `run.sh` serves with uvicorn, behind the Lambda Web Adapter: answers are streamed."""

import gc

gc.disable()  # as in handler.py

from llm_cache_proxy.bootstrap.functions.completions import completions_app  # noqa: E402

app = completions_app()

gc.freeze()
gc.enable()
