"""What only a Lambda function needs at its start: logs, settings from SSM, priming."""
