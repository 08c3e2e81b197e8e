"""A serverless, OpenAI-compatible caching proxy that does not serve wrong answers."""
