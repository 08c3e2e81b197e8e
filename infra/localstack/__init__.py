"""The stack on LocalStack's free edition, by `python -m infra.localstack`."""
