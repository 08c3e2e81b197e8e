"""`python -m llm_cache_proxy` is `llm-cache-proxy`."""

from llm_cache_proxy.cli.main import main

if __name__ == "__main__":
    main()
