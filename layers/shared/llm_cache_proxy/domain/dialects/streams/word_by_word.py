"""A stored event split into one event per word, for clients that show an answer growing."""

import re

from llm_cache_proxy.domain.json_text import JsonObject

_WORD = re.compile(r"\s*\S+")
_READ = ("reasoning_content", "reasoning", "refusal", "content")


def words(text: str) -> list[str]:
    """`text` cut in front of each space before a word; the pieces add up to it."""
    found = _WORD.findall(text)
    left = text[sum(map(len, found)) :]
    return [*found[:-1], found[-1] + left] if found else [text]


def chat_event(chunk: JsonObject) -> list[JsonObject]:
    """A chunk's texts word by word; whatever else it says follows them."""
    choice = _only_choice(chunk)
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return [chunk]
    read = {name: text for name in _READ if isinstance(text := delta.get(name), str) and text}
    if not read:
        return [chunk]
    place = {"index": choice.get("index", 0), "finish_reason": None}
    deltas = [{name: word} for name, text in read.items() for word in words(text)]
    pieces: list[JsonObject] = [{**chunk, "choices": [{**place, "delta": each}]} for each in deltas]
    rest = {name: value for name, value in delta.items() if name not in read}
    if rest or choice.get("logprobs") is not None or choice.get("finish_reason") is not None:
        pieces.append({**chunk, "choices": [{**choice, "delta": rest}]})
    return pieces


def text_event(chunk: JsonObject) -> list[JsonObject]:
    """A chunk's text word by word; log probabilities come with the first."""
    choice = _only_choice(chunk)
    text = choice.get("text")
    if not isinstance(text, str) or not text:
        return [chunk]
    first, *further = words(text)
    parts = [{**choice, "text": first}]
    parts += [{**choice, "text": word, "logprobs": None} for word in further]
    return [{**chunk, "choices": [part]} for part in parts]


def response_event(event: JsonObject) -> list[JsonObject]:
    """A delta word by word; log probabilities come with the first."""
    delta = event.get("delta")
    if not isinstance(delta, str) or not delta:
        return [event]
    first, *further = words(delta)
    weighed: JsonObject = {"logprobs": []} if "logprobs" in event else {}
    return [{**event, "delta": first}, *({**event, **weighed, "delta": word} for word in further)]


def _only_choice(chunk: JsonObject) -> JsonObject:
    choices = chunk.get("choices")
    if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict):
        return choices[0]
    return {}
