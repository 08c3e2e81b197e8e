"""The stack of alarms, as the template hands its own names over to it."""

from samples.stack.template import Stack, template

GIVEN = {
    "Name": "lcp",
    "Namespace": "LlmCacheProxy/lcp",
    "CompletionsFunction": "lcp-completions",
    "EmbeddingFunction": "lcp-embedding",
    "MetricsFunction": "lcp-metrics",
    "AdminFunction": "lcp-admin",
    "FailedInvocations": "lcp-failed-invocations",
    "CompletionsTimeoutSeconds": "300",
}


def monitoring(**parameters: str) -> Stack:
    """The stack with these parameters beside those."""
    return Stack(template("infra/monitoring.yaml"), **{**GIVEN, **parameters})
