"""What the demonstration upstream says, and how many tokens that is said to be.

Always says that it is no model, in the words that tell how to get one.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm_cache_proxy.adapters.upstream.demo.json_schema import smallest_json
from llm_cache_proxy.domain.json_text import canonical_text

NOTICE = (
    "This answer comes from the built-in demonstration upstream, not from a language model. "
    "Set GROQ_API_KEY, or UPSTREAM_BASE_URL and UPSTREAM_API_KEY, to get real ones."
)

_LONGEST_ECHO = 160
_MOST_COUNTED = 20_000
"""Characters of a long text that are looked at: counting all of them would hold everybody up."""
_PIECE = re.compile(r"\s*\S+|\s+")
_TOKEN = re.compile(r"\w{1,6}|[^\w\s]")


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """One answer in pieces, which are its completion tokens; `tool` is set for a forced call.

    `ident` is the same for the same request. `cut` says that the request's token limit ended it.
    """

    ident: str
    pieces: tuple[str, ...]
    prompt_tokens: int
    tool: str | None = None
    cut: bool = False

    @property
    def text(self) -> str:
        """The whole answer."""
        return "".join(self.pieces)

    def usage(self, choices: int = 1) -> dict[str, object]:
        """Chat completion usage over `choices` equal choices."""
        completion = len(self.pieces) * choices
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion,
            "total_tokens": self.prompt_tokens + completion,
        }


def answer_to(
    fields: Mapping[str, object], conversation: object, limit: object = None
) -> DemoAnswer:
    """The answer to a request for which `conversation` was sent; at most `limit` tokens."""
    tool = _forced_tool(fields)
    schema = _asked_schema(fields)
    if tool is not None:
        text = smallest_json(tool[1])
    elif schema is not None:
        text = smallest_json(schema)
    else:
        text = f"{NOTICE} You asked: \u201c{_shortened(last_user_text(conversation))}\u201d"
    pieces = tuple(_PIECE.findall(text))
    kept = pieces[:limit] if isinstance(limit, int) and limit > 0 else pieces
    return DemoAnswer(
        ident=_ident(fields),
        pieces=kept,
        prompt_tokens=estimated_tokens(_readable(conversation)),
        tool=tool[0] if tool is not None else None,
        cut=len(kept) < len(pieces),
    )


def estimated_tokens(text: str) -> int:
    """About as many tokens as a byte pair encoding makes of English, by a long text's beginning."""
    counted = len(_TOKEN.findall(text, 0, _MOST_COUNTED))
    return counted * max(len(text), _MOST_COUNTED) // _MOST_COUNTED


def last_user_text(messages: object) -> str:
    """The text of the last message that a user wrote, content parts joined."""
    if isinstance(messages, str):
        return messages
    if not isinstance(messages, Sequence):
        return ""
    contents = [
        message.get("content")
        for message in messages
        if isinstance(message, Mapping) and message.get("role") == "user"
    ]
    last = contents[-1] if contents else ""
    if isinstance(last, str):
        return last
    parts = last if isinstance(last, Sequence) else []
    return " ".join(str(part.get("text", "")) for part in parts if isinstance(part, Mapping))


def _ident(fields: Mapping[str, object]) -> str:
    said = {name: value for name, value in fields.items() if not name.startswith("stream")}
    return hashlib.sha256(canonical_text(said).encode()).hexdigest()[:24]


def _readable(conversation: object) -> str:
    """Every text in a conversation, roles and part types included."""
    if isinstance(conversation, Mapping):
        return " ".join(_readable(value) for value in conversation.values())
    if isinstance(conversation, list):
        return " ".join(_readable(item) for item in conversation)
    return str(conversation)


def _shortened(prompt: str) -> str:
    text = " ".join(prompt[:_MOST_COUNTED].split())
    return text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO].rstrip()}\u2026"


def _forced_tool(fields: Mapping[str, object]) -> tuple[str, object] | None:
    """Name and parameters of the function that must be called, in any endpoint's shape."""
    choice = fields.get("tool_choice")
    wanted = None
    if isinstance(choice, Mapping):
        inner = choice.get("function")
        wanted = (inner if isinstance(inner, Mapping) else choice).get("name")
    offered = fields.get("tools")
    any_will_do = choice in ("required", {"type": "any"})
    if (wanted is None and not any_will_do) or not isinstance(offered, list):
        return None
    for tool in offered:
        if isinstance(tool, Mapping):
            inner = tool.get("function")
            function = inner if isinstance(inner, Mapping) else tool
            if wanted is None or wanted == function.get("name"):
                schema = function.get("parameters", function.get("input_schema"))
                return str(function.get("name")), schema
    return None


def _asked_schema(fields: Mapping[str, object]) -> object | None:
    """The schema of the requested JSON, in chat's or responses' shape; None: prose."""
    text = fields.get("text")
    wanted = text.get("format") if isinstance(text, Mapping) else fields.get("response_format")
    if not isinstance(wanted, Mapping):
        return None
    if wanted.get("type") == "json_object":
        return _NOTICE_SCHEMA
    if wanted.get("type") != "json_schema":
        return None
    inner = wanted.get("json_schema")
    return (inner if isinstance(inner, Mapping) else wanted).get("schema")


_NOTICE_SCHEMA = {
    "type": "object",
    "properties": {"notice": {"const": NOTICE}},
    "required": ["notice"],
}
