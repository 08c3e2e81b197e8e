"""The order of numbers, letters, names and passages, where the order is what tells two texts apart.

Never holds the order inside a list against a pair: "A and B" is "B and A".
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_COMPANY = ("noun", "before", "head")
_COMING = frozenset({"'", "s", "a", "an", "the"})
"""What may stand between the joints of a list: "the 60's and the 70's"."""
_COUNTED = frozenset({Kind.NUMBER, Kind.VERSION, Kind.DATE, Kind.TIME})
_WAYS = frozenset({"from", "to"})
_NEAR = 4
MOST = 40
"""Items beyond which only their order is compared, so that cost stays bounded."""


class Item(NamedTuple):
    """Something whose place counts: its value, and where it starts and ends among the tokens.

    `noun` is the word that it counts or describes, `before` what stands right before it, `head` the
    last word before it that has content; empty without one.
    """

    value: str
    start: int
    stop: int
    noun: str = ""
    before: str = ""
    head: str = ""


def changed_places(
    a: Sequence[Item], b: Sequence[Item], tokens: Sequence[Token], others: Sequence[Token]
) -> bool:
    """Whether two texts with the same items, counted, give them different places."""
    if [item.value for item in a] == [item.value for item in b]:
        return len(a) <= MOST and crossed(a, b)
    if len(a) > MOST:
        return True
    if _grouped(a, tokens) == _grouped(b, others):
        return False
    return crossed(a, b) or not any(_bound(a, b, title) for title in _COMPANY)


def crossed(a: Sequence[Item], b: Sequence[Item]) -> bool:
    """Whether two items trade the words that they belong to: "2 pills", "8 hours"."""
    left, right = ({each.value: each for each in items} for items in (a, b))
    joints = lexicon.word_set("list_joint")
    for one in left.keys() & right.keys():
        for other in left.keys() & right.keys():
            for title in _COMPANY:
                words = getattr(left[one], title), getattr(left[other], title)
                turned = getattr(right[other], title), getattr(right[one], title)
                if title == "before" and not joints.isdisjoint(words):
                    continue  # "and" says nothing of what a member of a list is
                if one < other and all(words) and words == turned and words[0] != words[1]:
                    return True
    return False


def _bound(a: Sequence[Item], b: Sequence[Item], title: str) -> bool:
    """Whether each item moved together with the word that it belongs to."""
    left, right = (
        Counter((each.value, getattr(each, title)) for each in items) for items in (a, b)
    )
    words = {word for _, word in left}
    return left == right and "" not in words and len(words) > 1


def _grouped(items: Sequence[Item], tokens: Sequence[Token]) -> list[str]:
    """The values in order, each list of them sorted."""
    found: list[list[str]] = []
    end, last = -1, ""
    for item in items:
        if found and _is_list(tokens[end : item.start], last if last == item.before else ""):
            found[-1].append(item.value)
        else:
            found.append([item.value])
        end, last = item.stop, item.before
    return [value for group in found for value in sorted(group)]


def _is_list(between: Sequence[Token], shared: str) -> bool:
    """Whether nothing but the joints of a list stands there, or the word that both belong to."""
    joints = lexicon.word_set("list_joint")
    return bool(between) and all(
        token.word in joints
        or token.word in _COMING
        or token.stem == shared
        or (token.kind is Kind.MARK and set(token.raw) <= {",", '"'})
        for token in between
    )


def item_at(tokens: Sequence[Token], value: str, start: int, stop: int, unit_end: int = 0) -> Item:
    """The item at `start` to `stop`, whose unit reaches to `unit_end`, with its company."""
    unit_end = max(unit_end, stop)
    after = tokens[unit_end : unit_end + 3]
    if after and after[0].word == "of":
        after = after[1:]
    noun = _first_word(after) or (tokens[stop].stem if stop < unit_end else "")
    before = head = ""
    for token in reversed(tokens[max(start - _NEAR, 0) : start]):
        if token.kind in _COUNTED:
            break
        if token.kind is Kind.MARK:
            continue
        if not before or (token.word in _WAYS and before not in _WAYS):
            before = token.stem
        if not head and token.kind is Kind.WORD and token.word not in lexicon.function_words():
            head = token.stem
    return Item(value, start, stop, noun, before, head)


def _first_word(tokens: Sequence[Token]) -> str:
    """The stem of the first word, if nothing but an article or an adjective stands before it."""
    for token in tokens:
        if token.kind is not Kind.WORD:
            return ""
        if token.word in {"a", "an", "the", "more", "other", "extra"}:
            continue
        if token.word in lexicon.function_words() or token.word in lexicon.number_words():
            return ""
        return token.stem
    return ""
