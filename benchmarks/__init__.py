"""One small module a question; `python -m benchmarks` asks them, `--check` holds the budgets."""
