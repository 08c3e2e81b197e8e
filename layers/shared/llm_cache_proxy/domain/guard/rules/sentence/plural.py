"""Differences in how many things an order is about: "delete the row", "delete the rows"."""

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.markers import is_order
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_REACH = 4
_FIRST = 6
"""Words of an order within which its object begins."""
_WANTS = (("i", "need"), ("i", "want"), ("any",), ("looking", "for"))
_WANTING = frozenset({"need", "want"})
_LISTENERS = frozenset({"me", "us"})
_OPENINGS = (("think", "of"), ("think", "up"), ("come", "up", "with"), ("dream", "up"))


def _plural(pair: Pair) -> str | None:
    a, b = pair.a, pair.b
    if a.words == b.words or not (_asks(a.words) and _asks(b.words)):
        return None
    told = lexicon.word_set("telling").intersection((*a.words[:_FIRST], *b.words[:_FIRST]))
    if told and not (told == {"tell"} and _tells_one(a.words) and _tells_one(b.words)):
        return None
    left, right = _nouns(a), _nouns(b)
    for stem in left.keys() & right.keys():
        one, other = left[stem], right[stem]
        if one.word != other.word and _is_plural_of(*sorted((one.word, other.word), key=len)):
            return f"{one.word} and {other.word}"
    return None


def _tells_one(words: tuple[str, ...]) -> bool:
    """Whether one or several of a kind are to be told, and nothing of a thing: "Tell me a joke"."""
    start = words.index("tell") + 1 if "tell" in words else 0
    behind = [word for word in words[start:] if word not in _LISTENERS]
    return behind[:1] in (["a"], ["an"]) or lexicon.function_words().isdisjoint(behind[:1])


def _asks(words: tuple[str, ...]) -> bool:
    """Whether the text orders a thing or says that one is wanted."""
    return (
        is_order(words)
        or any(words[: len(each)] == each for each in _WANTS)
        or words[:3] == ("i", "would", "like")
    )


@once_a_text
def _nouns(analysis: Analysis) -> dict[str, Token]:
    """Stem → the noun, where a determiner or a giving verb says how many are meant."""
    tokens = [token for token in analysis.tokens if token.kind is not Kind.MARK]
    gives = not lexicon.word_set("giving").isdisjoint(analysis.words[:_FIRST])
    openers = lexicon.word_set("opener")
    found: dict[str, Token] = {}
    for at, token in enumerate(tokens):
        if token.kind is not Kind.WORD or token.word in lexicon.function_words():
            continue
        verb = not at or (tokens[at - 1].word in openers and tokens[at - 1].word not in _WANTING)
        if token.stem not in analysis.content and verb:
            continue  # the verb itself: "Name three"
        before = {each.word for each in tokens[max(at - _REACH, 0) : at - 1]} - {"that"}
        before |= {each.word for each in tokens[at - 1 : at]}  # "the list that sorts", "that list"
        definite = not lexicon.word_set("definite").isdisjoint(before)
        if definite or (gives and _is_first_object(tokens[:at])):
            found.setdefault(token.stem.removesuffix("s"), token)
    return found


def _is_first_object(before: list[Token]) -> bool:
    """Whether no preposition stands between the verb and the noun."""
    if len(before) > _FIRST:
        return False
    words = [each.word for each in before]
    for opening in _OPENINGS:  # "think of a riddle", "come up with a slogan"
        if tuple(words[: len(opening)]) == opening:
            words = words[len(opening) :]
    return not any(word in lexicon.word_set("preposition") or word == "that" for word in words)


def _is_plural_of(one: str, many: str) -> bool:
    return many in {one + "s", one + "es", one[:-1] + "ies"}


PLURAL = Rule(
    name="plural",
    looks_at="one thing or several, in an order",
    vetoes=(
        ("Delete the row", "Delete the rows"),
        ("Give me a tip", "Give me tips"),
        ("Please close my account", "Please close my accounts"),
    ),
    passes=(
        ("Delete the row", "Please delete the row"),
        ("Explain how a vaccine works", "Explain how vaccines work"),
        ("Sort a list in Go", "Sort lists in Go"),
        ("Describe the cause of rust", "Describe the causes of rust"),
    ),
    check=_plural,
)
