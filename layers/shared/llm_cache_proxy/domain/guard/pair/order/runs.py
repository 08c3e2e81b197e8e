"""The words of a text in a row, and the stretch in which two rows differ."""

from collections import Counter
from collections.abc import Sequence

from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

UNMEANT = frozenset({Kind.MARK, Kind.SYMBOL})
_ONE_FORM = {"an": "a", "me": "i", "him": "he", "her": "she", "them": "they", "us": "we"}
"""Words that change their form with their place alone."""
MOST_WORDS = 200


def is_same(left: list[Token], right: list[Token]) -> bool:
    """Whether the two have the same words, in any order."""
    if len(left) != len(right):
        return False
    return sorted([token.stem for token in left]) == sorted([token.stem for token in right])


@once_a_text
def every_word(analysis: Analysis) -> list[Token]:
    """The words with forms that hang on their place alone brought to one."""
    return [
        token._replace(stem=_ONE_FORM[token.word]) if token.word in _ONE_FORM else token
        for token in analysis.plain
        if token.kind not in UNMEANT
    ]


@once_a_text
def words_with_content(analysis: Analysis) -> list[Token]:
    """The words with content, each as often as it is there."""
    content = analysis.content
    return [token for token in analysis.tokens if token.stem in content]


def trimmed(left: list[Token], right: list[Token]) -> tuple[list[Token], list[Token]]:
    """What stands between the beginning and the end that both share."""
    start, most = 0, min(len(left), len(right))
    while start < most and left[start].stem == right[start].stem:
        start += 1
    end = 0
    while end < most - start and left[-1 - end].stem == right[-1 - end].stem:
        end += 1
    return left[start : len(left) - end], right[start : len(right) - end]


def has_moved(a: list[str], b: list[str]) -> bool:
    """Whether one phrase moved from one end to the other."""
    return any(b == a[cut:] + a[:cut] for cut in range(1, len(a)))


def in_other_order(left: list[Token], right: list[Token]) -> str | None:
    """Whether the words stand in another order, but for one phrase that moved."""
    a, b = [token.stem for token in left], [token.stem for token in right]
    if not a or len(a) > MOST_WORDS or has_moved(a, b):
        return None
    return "the same words in another order"


def repeats_content(tokens: Sequence[Token], times: int) -> bool:
    """Whether a word with content stands there more than so many times."""
    idle = lexicon.function_words()
    stems = [token.stem for token in tokens if token.word not in idle]
    return len({*stems}) < len(stems) and max(Counter(stems).values()) > times
