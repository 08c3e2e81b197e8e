"""Rows of words that commas part, whose members may stand in any order."""

from llm_cache_proxy.domain.guard.pair.order.runs import UNMEANT, repeats_content, trimmed
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_JOINTS = frozenset({"and", "or"})
_ARTICLES = frozenset({"a", "an", "the"})


def is_list(a: Analysis, b: Analysis) -> bool:
    """Whether nothing but members of one row changes places, and no place in it is asked for."""
    if not (_may_have_list(a) and _may_have_list(b)):
        return False
    return _is_turned(a, b)


def is_other_row(a: Analysis, b: Analysis) -> bool:
    """Whether members of a row change places of which one is asked for: "the third of"."""
    asked = lexicon.word_set("place_in_row")
    if asked.isdisjoint(a.words) or "," not in a.text or "," not in b.text:
        return False
    return _is_turned(a, b)


def _is_turned(a: Analysis, b: Analysis) -> bool:
    left, right = _members(a, b), _members(b, a)
    return len(left) > 1 and left != right and sorted(left) == sorted(right)


def _may_have_list(one: Analysis) -> bool:
    if "," not in one.text or not lexicon.word_set("in_a_row").isdisjoint(one.words):
        return False
    # "Reverse pear, fig", "Give Ann, Bob and Cy pears, figs and plums"
    return lexicon.word_set("by_marks").isdisjoint(one.words) and _lists(one) <= 1


def _members(one: Analysis, other: Analysis) -> list[tuple[str, ...]]:
    """What commas and joints part where the two differ; none where a word recurs there."""
    tokens, others = _but_articles(one), _but_articles(other)
    moved, _ = trimmed([*filter(_is_word, tokens)], [*filter(_is_word, others)])
    if not moved or repeats_content(moved, 1):
        return []
    found: list[tuple[str, ...]] = [()]
    start = next(at for at, token in enumerate(tokens) if token is moved[0])
    if start and tokens[start - 1].word in lexicon.word_set("condition"):
        return []  # "Because it was late, he ran"
    end = next(at for at, token in enumerate(tokens) if token is moved[-1])
    for token in tokens[start : end + 1]:
        if token.raw == "," or token.word in _JOINTS:
            found.append(())
        elif _is_word(token):
            found[-1] = (*found[-1], token.stem)
        else:
            return []
    return [member for member in found if member]


def _but_articles(analysis: Analysis) -> list[Token]:
    return [token for token in analysis.plain if token.word not in _ARTICLES]


def _is_word(token: Token) -> bool:
    return token.kind not in UNMEANT


def _lists(analysis: Analysis) -> int:
    """How many rows of words there are between which commas stand."""
    found, inside, is_parted = 0, False, False
    for token in analysis.plain:
        if token.kind is Kind.MARK:
            found += token.raw == "," and not inside
            inside = inside or token.raw == ","
            is_parted = True
        else:
            inside = inside and (is_parted or token.word in _JOINTS)
            is_parted = token.word in _JOINTS
    return found
