"""Fields of streamed answers of which it is known how their pieces add up."""

TEXTS = frozenset(
    {
        "arguments",
        "code",
        "content",
        "input",
        "partial_json",
        "reasoning",
        "reasoning_content",
        "reasoning_text",
        "refusal",
        "summary",
        "text",
        "thinking",
        "thought",
        "transcript",
    }
)
"""Fields of a delta that grow piece by piece; audio's `data` does so as base64."""

TOKENS = frozenset(
    {
        "bytes",
        "completion_probabilities",
        "text_offset",
        "token_ids",
        "token_logprobs",
        "tokens",
    }
)
"""Lists that have an item a token, so that equal pieces are no repeats."""

INDEXED = frozenset({"annotations", "images", "reasoning_details", "thinking_blocks"})
"""Lists of a delta whose items are continued by index, also where they have no type."""

IN_PIECES = frozenset({"reasoning_details", "thinking_blocks"})
"""Of these, an item without an index may be a piece of the one before."""

FIRST_STANDS = frozenset({"id", "object", "created", "model"})
"""What names an answer: the first value holds, whatever later chunks call it."""

CHANGING = frozenset({"obfuscation", "p", "service_tier", "system_fingerprint"})
"""Texts of a chunk that may change, and then say nothing of the answer: the last value holds."""
