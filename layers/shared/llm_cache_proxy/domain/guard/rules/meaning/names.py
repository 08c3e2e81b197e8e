"""Differences in what is named: people, places, products, languages."""

from functools import cache

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_UNLIKE_NAMES = frozenset({"new", "north", "south", "east", "west", "upper", "lower", "great"})

_DEGREES = frozenset({"°", "degree", "degrees"})
_TITLES = frozenset({"jr", "sr", "inc", "corp", "ltd", "plc", "co", "llc"})
"""What follows a name and may be left out where something is only told."""


@cache
def _named() -> dict[str, str]:
    """Language as written → its one name."""
    lists = lexicon.named("languages")
    found = {word: word for title in ("programming", "human") for word in lists[title]}
    for line in lexicon.lines("languages"):
        title, _, words = line.partition(": ")
        if title == "same":
            group = words.split()
            found.update(dict.fromkeys(group, group[0]))
    return found


def _languages(pair: Pair) -> str | None:
    if not (_spoken_of(pair.a) or _spoken_of(pair.b)):
        return None
    left, right = _languages_in(pair.a), _languages_in(pair.b)
    left, right = left - _spoken_of(pair.b), right - _spoken_of(pair.a)
    if left or right:
        return f"languages {sorted(left)} and {sorted(right)}"
    return None


@once_a_text
def _spoken_of(analysis: Analysis) -> set[str]:
    """Every word of the text that could be a language, whether it means one or not."""
    known = _named()
    return {known[token.word] for token in analysis.tokens if token.word in known}


@once_a_text
def _languages_in(analysis: Analysis) -> set[str]:
    known = _named()
    found: set[str] = set()
    tokens = analysis.tokens
    for before, token, after in zip((None, *tokens), tokens, (*tokens[1:], None), strict=False):
        if token.word in known and _means_language(token, before, after, analysis):
            found.add(known[token.word])
    return found


def _means_language(
    token: Token, preceding: Token | None, after: Token | None, analysis: Analysis
) -> bool:
    """Whether a word that is also a common word or a nationality means the language here."""
    before = "" if preceding is None else preceding.word
    if token.word in _human():
        describes = after is not None and after.stem in analysis.content and not after.capital
        return before in lexicon.word_set("before_language") and not describes
    if token.word not in lexicon.word_set("ambiguous_language"):
        return True
    if before in _DEGREES:
        return False  # "20 °C"
    if after is not None and len(after.raw) == 1 and after.capital:
        return False  # "C. S. Lewis"
    return (token.capital and not token.opens) or before in {"in", "using", "with"}


@cache
def _human() -> frozenset[str]:
    return frozenset(lexicon.named("languages")["human"])


def _entities(pair: Pair) -> str | None:
    if not (pair.only_a or pair.only_b):
        return None
    idle = _TITLES if pair.both_tell else frozenset()
    named_a, named_b = (
        [token for token in only if token.word not in idle and _is_name(token, text)]
        for only, text in ((pair.only_a, pair.a), (pair.only_b, pair.b))
    )
    if not named_b:
        named_a = [token for token in named_a if not _is_forename(token, pair.a)]
    if not named_a:
        named_b = [token for token in named_b if not _is_forename(token, pair.b)]
    if not named_a and not named_b:
        return None
    if _may_go_unnamed(pair, named_a, named_b):
        return None
    return f"{(named_a or named_b)[0].word} on one side"


def _may_go_unnamed(pair: Pair, named_a: list[Token], named_b: list[Token]) -> bool:
    """Whether one text merely names more: a plain statement one thing, a paraphrase several."""
    if pair.is_paraphrase and not (named_a and named_b):
        return True
    if pair.retells and not (named_a and named_b):
        return True
    lone = not pair.only_a or not pair.only_b
    return lone and len(named_a) + len(named_b) == 1 and pair.both_tell


def _is_name(token: Token, analysis: Analysis) -> bool:
    """Whether capitals, digits or its script mark the word as a name."""
    if token.kind is Kind.IDENTIFIER:
        return True
    if not token.capital or token.opens or len(token.word) == 1:
        return False
    if token.stem in lexicon.common_stems() and not token.raw.isupper():
        return False
    return not _is_titled(analysis)


def _is_forename(token: Token, analysis: Analysis) -> bool:
    """Whether a name goes on after the word: the "Barack" of "Barack Obama" may be left out."""
    at = analysis.tokens.index(token) + 1
    after = analysis.tokens[at] if at < len(analysis.tokens) else None
    return (
        after is not None
        and after.capital
        and after.kind is Kind.WORD
        and not after.opens
        and token.word not in _UNLIKE_NAMES
    )


def _is_titled(analysis: Analysis) -> bool:
    """Whether most words that need no capital have one, so that capitals tell nothing."""
    words = [
        token
        for token in analysis.tokens
        if token.kind is Kind.WORD and not token.opens and token.word != "i"
    ]
    return sum(token.capital for token in words) * 3 > len(words) * 2


LANGUAGES = Rule(
    name="languages",
    looks_at="programming and human languages that are named",
    vetoes=(
        ("Reverse a list in Python", "Reverse a list in Java"),
        ("How do I say hello in French?", "How do I say hello in German?"),
        ("Sort a map in Go", "Sort a map in Rust"),
    ),
    passes=(("Reverse a list in Golang", "Reverse a list in Go"),),
    check=_languages,
)
ENTITIES = Rule(
    name="entities",
    looks_at="names, acronyms and identifiers on one side only",
    vetoes=(
        ("What is the capital of Austria?", "What is the capital of Australia?"),
        ("Can I visit Lake Como?", "Can I visit Lake Garda?"),
        ("Is the B12 vitamin safe?", "Is the B6 vitamin safe?"),
    ),
    passes=(("What is the capital of Australia?", "Tell me Australia's capital city"),),
    check=_entities,
)
