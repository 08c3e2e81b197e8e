"""The command line: `llm-cache-proxy serve`, `admin`, `eval`."""
