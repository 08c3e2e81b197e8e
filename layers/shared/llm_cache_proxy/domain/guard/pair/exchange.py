"""Words of two texts that are the same but stand in another order.

Looks at whole runs: "X m Y" against "Y m X". A phrase that moves to the front or to the end, and
the members of a list, tell nothing.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.compound import may_end, other_head
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_UNMEANT = frozenset({Kind.MARK, Kind.SYMBOL})
_LONGEST = 5
"""Words that change places as one."""
_ONE_FORM = {"an": "a", "me": "i", "him": "he", "her": "she", "them": "they", "us": "we"}
"""Words that change their form with their place alone."""
_SPEAKERS = frozenset({"i", "you"})
_BOTH = frozenset({"he", "she"})
_ASKED = frozenset({"who", "whom", "what", "which"})
_MOST = 200
_SUPPOSING = frozenset({"given", "because", "if", "unless", "until", "instead", "rather"})
"""Words behind which stands what is taken for given, or is passed over."""
_JOINTS = frozenset({"and", "or"})
_USING = frozenset({"use", "using"})
_ARTICLES = frozenset({"a", "an", "the"})


def exchanged(a: Analysis, b: Analysis, *, symmetric: bool) -> str | None:
    """Why the order of the same words differs in meaning, if it does.

    `symmetric` is true where what is told holds both ways, so that only a condition counts.
    """
    left, right = _every_word(a), _every_word(b)
    if left and _same(left, right):
        if _is_list(a, left, right) and _is_list(b, right, left):
            return None
        return _between(left, right, symmetric=symmetric, asked=left[0].word in _ASKED)
    if [*map(a.words.count, _ARTICLES)] != [*map(b.words.count, _ARTICLES)]:
        left, right = _without_articles(left), _without_articles(right)
        if _same(left, right):
            return _between(left, right, symmetric=symmetric)
    return None if symmetric else _other_supposition(a, b) or _reordered(a, b)


def _is_list(one: Analysis, words: list[Token], others: list[Token]) -> bool:
    """Whether commas part the words that change places, and no place in a row is asked for."""
    if "," not in one.text or not lexicon.word_set("in_a_row").isdisjoint(one.words):
        return False
    if not lexicon.word_set("by_marks").isdisjoint(one.words) or _lists(one) > 1:
        return False  # "Reverse pear, fig", "Give Ann, Bob and Cy pears, figs and plums"
    moved, _ = _trimmed(words, others)
    inside, parted = False, len(moved) > 1 and not _repeats_content(moved, 1)
    for token, after in pairwise(one.plain):
        inside = (inside or token is moved[0]) and token is not moved[-1] if moved else False
        if inside and token.kind is not Kind.MARK:
            parted = parted and (after.raw == "," or {token.word, after.word} & _JOINTS != set())
    return parted


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


def _reordered(a: Analysis, b: Analysis) -> str | None:
    """How words with content that recur stand in another order among other small words."""
    left, right = _words_with_content(a), _words_with_content(b)
    if len(left) != len(right):
        return None
    recurs = _says_again(a) or _says_again(b)
    if not (recurs and _repeats_content(left + right, 2)):
        return None
    if not _same(left, right):
        return _said_again(left, right)
    if _is_passive(a) or _is_passive(b):
        return None
    left, right = _trimmed(left, right)
    return _in_other_order(left, right)


def _other_supposition(a: Analysis, b: Analysis) -> str | None:
    """What one text asks about and the other takes for given: "rain given clouds"."""
    if _SUPPOSING.isdisjoint(a.words):
        return None
    for word in _SUPPOSING & {*a.words} & {*b.words}:
        (asked, given), (other, others) = _parted_at(word, a), _parted_at(word, b)
        if given and others and given <= other - others and others <= asked - given:
            return f"{word} {min(given)} and {word} {min(others)}"
    return None


def _parted_at(word: str, analysis: Analysis) -> tuple[set[str], set[str]]:
    """The words with content before the last such word, and behind it."""
    words = [token.word for token in analysis.tokens]
    at = len(words) - 1 - words[::-1].index(word) if word in words else 0
    content = analysis.content
    before, behind = (
        {token.stem for token in part if token.stem in content}
        for part in (analysis.tokens[:at], analysis.tokens[at + 1 :])
    )
    return before, behind


def _same(left: list[Token], right: list[Token]) -> bool:
    if len(left) != len(right):
        return False
    return sorted([token.stem for token in left]) == sorted([token.stem for token in right])


def _said_again(left: list[Token], right: list[Token]) -> str | None:
    """A word that one text says again where the other says another of its words again."""
    if {token.stem for token in left} != {token.stem for token in right}:
        return None
    counts, others = (Counter(token.stem for token in words) for words in (left, right))
    return f"{min(counts - others)} and {min(others - counts)} are said again"


def _is_passive(analysis: Analysis) -> bool:
    return "by" in analysis.words


@once_a_text
def _every_word(analysis: Analysis) -> list[Token]:
    return [
        token._replace(stem=_ONE_FORM[token.word]) if token.word in _ONE_FORM else token
        for token in analysis.plain
        if token.kind not in _UNMEANT
    ]


def _without_articles(words: list[Token]) -> list[Token]:
    """The words but for articles, which come and go with what is named: "tap water", "a tap"."""
    return [token for token in words if token.word not in _ARTICLES]


@once_a_text
def _words_with_content(analysis: Analysis) -> list[Token]:
    content = analysis.content
    return [token for token in analysis.tokens if token.stem in content]


def _trimmed(left: list[Token], right: list[Token]) -> tuple[list[Token], list[Token]]:
    """What stands between the beginning and the end that both share."""
    start, most = 0, len(left)
    while start < most and left[start].stem == right[start].stem:
        start += 1
    end = 0
    while end < most - start and left[-1 - end].stem == right[-1 - end].stem:
        end += 1
    return left[start : most - end], right[start : most - end]


def _between(
    left: list[Token], right: list[Token], *, symmetric: bool, asked: bool = False
) -> str | None:
    """How runs of the same words change places, if they do; `asked` where a word asks for one."""
    around = _around(left, right)
    left, right = _trimmed(left, right)
    a, b = [token.stem for token in left], [token.stem for token in right]
    if not a or len(a) > _MOST:
        return None
    if _has_moved(a, b):
        told = _other_condition(around[0], left, right) or _other_scope(left)
        return told if told or symmetric else _turned(around, left, asked=asked)
    if symmetric:
        return None
    for first in range(1, min(_LONGEST, len(a) - 2) + 1):
        for last in range(1, min(_LONGEST, len(a) - first - 1) + 1):
            if b == a[-last:] + a[first:-last] + a[:first]:
                return _named(left[:first], left[-last:], left[first:-last], around)
    return _shuffled(left, right)


def _turned(around: tuple[str, Token | None], words: list[Token], *, asked: bool) -> str | None:
    """Whether two neighbours that trade places trade roles: "Who will Ann see?"."""
    before, behind = around
    verbal = before not in lexicon.word_set("passive") or any(map(_is_verb, words))
    if asked and verbal and before in lexicon.word_set("auxiliary") and may_end(behind):
        return "who does it and to whom"
    return other_head(words)


def _is_verb(token: Token) -> bool:
    """Whether a form of "be" may make a verb of the word: "Who is Ann seeing?"."""
    return token.word.endswith(("ing", "ed"))


def _around(left: list[Token], right: list[Token]) -> tuple[str, Token | None]:
    """The word before the first difference, and the token behind the last one."""
    start, end = 0, len(left)
    while start < end and left[start].stem == right[start].stem:
        start += 1
    while end > start and left[end - 1].stem == right[end - 1].stem:
        end -= 1
    return left[start - 1].word if start else "", left[end] if end < len(left) else None


def _other_condition(before: str, left: list[Token], right: list[Token]) -> str | None:
    """What follows "if" in one text and is what follows from it in the other."""
    if before not in lexicon.word_set("condition"):
        return None
    return f"{before} {left[0].word} and {before} {right[0].word}"


def _other_scope(left: list[Token]) -> str | None:
    """A "not" that moves over "all": "Not all birds fly", "All birds do not fly"."""
    negators, ends = lexicon.classes()["negator"], (left[0], left[-1])
    all_of = lexicon.classes()["q_all"] | lexicon.classes()["q_only"]
    if all_of.isdisjoint(token.word for token in left):
        return None
    moved = next((token.word for token in ends if token.word in negators), None)
    return None if moved is None else f"{moved} before and behind {left[1].word}"


def _has_moved(a: list[str], b: list[str]) -> bool:
    """Whether one phrase moved from one end to the other."""
    return any(b == a[cut:] + a[:cut] for cut in range(1, len(a)))


def _shuffled(left: list[Token], right: list[Token]) -> str | None:
    """Whether words that recur stand in another order, but for one phrase that moved."""
    turned = _repeats_content(left, 1) or _persons(left) != _persons(right)
    return _in_other_order(left, right) if turned else None


def _persons(tokens: list[Token]) -> list[str]:
    """The persons in order, where there are two: "She likes him"."""
    found = [token.stem for token in tokens if token.stem in _BOTH]
    return found if {*found} == _BOTH else []


def _in_other_order(left: list[Token], right: list[Token]) -> str | None:
    a, b = [token.stem for token in left], [token.stem for token in right]
    if not a or len(a) > _MOST or _has_moved(a, b):
        return None
    return "the same words in another order"


def _named(
    one: Sequence[Token],
    other: Sequence[Token],
    between: Sequence[Token],
    around: tuple[str, Token | None],
) -> str | None:
    """The two that change places, unless they are members of one list or have no content.

    A word before or behind both says nothing: "to walk or to run", "red cars and blue cars".
    """
    if not (_says_something(one) and _says_something(other)):
        return None
    before, behind = around
    joins = [token.word for token in between] == ["with"]
    if before in _USING and joins and (behind is None or not behind.word.isalpha()):
        return None  # "use Redis with Django"
    shared = {between[0].stem} & ({behind.stem} if behind else set())
    shared |= {between[-1].stem} & ({before} & {"to"})
    joints = lexicon.word_set("list_joint")
    rest = [token for token in between if token.word not in _ARTICLES and token.stem not in shared]
    if between[0].word in joints or any(token.word in joints for token in between):
        rest = [token for token in rest if token.word not in joints]
        if not rest:
            return None
    return f"{one[0].word} and {other[0].word} change places"


@once_a_text
def _says_again(analysis: Analysis) -> bool:
    """Whether the text has a word with content twice."""
    return _repeats_content(_words_with_content(analysis), 1)


def _says_something(tokens: Sequence[Token]) -> bool:
    idle, told = lexicon.function_words(), (lexicon.classes()["negator"], lexicon.number_words())
    return any(
        token.word not in idle
        or any(token.word in each for each in told)
        or token.raw == "US"
        or token.stem in _SPEAKERS
        for token in tokens
    )


def _repeats_content(tokens: Sequence[Token], times: int) -> bool:
    """Whether a word with content stands there more than so many times."""
    idle = lexicon.function_words()
    stems = [token.stem for token in tokens if token.word not in idle]
    return len({*stems}) < len(stems) and max(Counter(stems).values()) > times
