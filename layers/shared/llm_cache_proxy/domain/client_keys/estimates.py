"""A request's expected usage before the upstream has reported it: for budgets, not for bills.

An estimate on the high side: every fourth byte is a prompt token, and there are as many completion
tokens as the request allows.
"""

from collections.abc import Mapping

_BYTES_PER_TOKEN = 4
_UNSAID_COMPLETION_TOKENS = 1_024
_MOST_TOKENS = 10_000_000
_LIMITS = ("max_completion_tokens", "max_output_tokens", "max_tokens")


def expected_tokens(
    body: bytes, fields: Mapping[str, object], *, generates: bool = True
) -> tuple[int, int]:
    """Prompt and completion tokens of a request, no completion where it `generates` none."""
    prompt = -(-len(body) // _BYTES_PER_TOKEN)
    if not generates:
        return prompt, 0
    limits = (_whole(fields.get(name)) for name in _LIMITS)
    completion = next((value for value in limits if value is not None), _UNSAID_COMPLETION_TOKENS)
    answers = _whole(fields.get("n")) or 1
    return prompt, min(completion * answers, _MOST_TOKENS)


def _whole(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return min(value, _MOST_TOKENS)
    return None
