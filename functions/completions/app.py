"""What `run.sh` serves with uvicorn, behind the Lambda Web Adapter: answers are streamed."""

from llm_cache_proxy.bootstrap.functions.completions import completions_app

app = completions_app()
