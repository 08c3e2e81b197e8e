"""Differences that look like slips or like style: words that look alike, small words."""

from functools import cache
from itertools import product

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_Places = frozenset[tuple[int, int]]
_NOWHERE: _Places = frozenset()
_IDLE = frozenset({"a", "an", "the", "of", "many"})
_SELVES = frozenset({"me", "us"})
"""Behind "get" and "give" one of them gets it either way: "Can you get me a list?"."""
_WIDEST = 3
"""Words in the place that differs."""


def _look_alikes(pair: Pair) -> str | None:
    one, other = {*pair.a.words}, {*pair.b.words}
    left = _listed(one - other)
    if not left:
        return None
    for (word, places), (rival, others) in product(left, _listed(other - one)):
        for line, at in places:
            if any(line == number and at != index for number, index in others) and (
                line > 0 or _around(pair.a, word) == _around(pair.b, rival)
            ):
                return f"{word} and {rival}"
    return None


def _listed(words: set[str]) -> list[tuple[str, _Places]]:
    """The words that look like others, in order of the alphabet."""
    known = lexicon.lookalikes()
    return [(word, known[word]) for word in sorted(known.keys() & words)]


def _around(analysis: Analysis, word: str) -> tuple[str, str]:
    """The stems before a word and behind it."""
    tokens = [token for token in analysis.plain if token.kind is not Kind.MARK]
    at = next(at for at, token in enumerate(tokens) if token.word == word)
    before, behind = tokens[at - 1 : at] if at else [], tokens[at + 1 : at + 2]
    return before[0].stem if before else "", behind[0].stem if behind else ""


def _small_words(pair: Pair) -> str | None:
    a, b, around = pair.gap
    if not around or not (a or b) or max(len(a), len(b)) > _WIDEST or pair.is_converse:
        return None
    if a and b and _trades(pair):
        return "who gives it and who gets it"
    left, right = _counted(a), _counted(b)
    if not _openers().issuperset((*left[:1], *right[:1])):
        return None
    known = lexicon.exclusive()
    behind = _behind(pair)
    for one, other in product(_keys(left, behind), _keys(right, behind)):
        places, others = known.get(one, _NOWHERE), known.get(other, _NOWHERE)
        if any(line == number and at != index for line, at in places for number, index in others):
            return f"{one.replace('_', ' ')} and {other.replace('_', ' ')}"
    return None


def _trades(pair: Pair) -> bool:
    """Whether the one who asks gives a thing in one text and gets it in the other."""
    gets, gives = _given_and_got()
    left, right = ("_".join(token.stem for token in words) for words in (pair.gap.a, pair.gap.b))
    if not ((left in gets and right in gives) or (left in gives and right in gets)):
        return False
    asks = _before(pair) in lexicon.word_set("who_asks")
    return asks and _behind(pair) not in _SELVES


@cache
def _given_and_got() -> tuple[frozenset[str], frozenset[str]]:
    """The keys of the verbs by which one gets a thing, and of those by which one gives it."""
    gets, gives = (
        frozenset(map(lexicon.phrase_key, lexicon.word_set(title)))
        for title in ("getting", "giving_away")
    )
    return gets, gives


def _before(pair: Pair) -> str:
    """The last word before the place that differs, if there is one."""
    tokens = [token for token in pair.a.tokens if token.kind is not Kind.MARK]
    at = next(at for at, token in enumerate(tokens) if token is pair.gap.a[0])
    return tokens[at - 1].word if at else ""


def _behind(pair: Pair) -> str:
    """The first word behind the place that differs, if there is one."""
    tokens = [token for token in pair.a.tokens if token.kind is not Kind.MARK]
    a = pair.gap.a
    if a:
        at = next(at for at, token in enumerate(tokens) if token is a[0]) + len(a)
    else:
        at = _start(pair, tokens)
    return tokens[at].word if at < len(tokens) else ""


def _start(pair: Pair, tokens: list[Token]) -> int:
    """Where the other text has words between two words of this one."""
    others = [token for token in pair.b.tokens if token.kind is not Kind.MARK]
    first = pair.gap.b[0]
    return min(next(at for at, token in enumerate(others) if token is first), len(tokens))


def _counted(tokens: tuple[Token, ...]) -> list[str]:
    """The words that the lists count, each alone."""
    return [word for token in tokens for word in token.word.split("_") if word not in _IDLE]


@cache
def _openers() -> frozenset[str]:
    """The first words of all that the lists have."""
    return frozenset(phrase.partition("_")[0] for phrase in lexicon.exclusive())


def _keys(words: list[str], behind: str) -> tuple[str, ...]:
    """What stands there as the lists write it, alone and with the word behind it."""
    return "_".join(words), "_".join((*words, behind))


LOOK_ALIKES = Rule(
    name="look_alikes",
    looks_at="words that look like a misspelling of one another and are none",
    vetoes=(
        ("Where does the ileum end?", "Where does the ilium end?"),
        ("How does tea affect sleep?", "How does tea effect sleep?"),
        ("What is a moral victory?", "What is a morale victory?"),
        ("What is hydroxyzine for?", "What is hydralazine for?"),
    ),
    passes=(
        ("How does tea affect sleep?", "What is the effect of tea on sleep?"),
        ("How do I seperate eggs?", "How do I separate eggs?"),
    ),
    check=_look_alikes,
)
SMALL_WORDS = Rule(
    name="small_words",
    looks_at="small words that exclude each other in one place: last and next, here and there",
    vetoes=(
        ("Can I park here at night?", "Can I park there at night?"),
        ("Who won last season?", "Who won this season?"),
        ("Is the shop open until 9?", "Is the shop open by 9?"),
        ("Can I vote if I move?", "Can I vote even if I move?"),
        ("Does it always rain in Bergen?", "Does it usually rain in Bergen?"),
    ),
    passes=(
        ("Can I use oil instead of butter?", "Can I use oil in place of butter?"),
        ("Who won last season?", "Who won the previous season?"),
    ),
    check=_small_words,
)
