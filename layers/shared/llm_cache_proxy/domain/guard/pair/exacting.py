"""One word put for another, or added, in a text that is otherwise the same.

Of a single word it speaks only where every word counts (`Pair.is_exacting`); elsewhere one is as
often a matter of taste.
"""

from llm_cache_proxy.domain.guard.pair.counterparts.likeness import are_opposites
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.text.tokens import Token
from llm_cache_proxy.domain.guard.words import lexicon

_WIDEST = 3
"""Words in the place that differs; more of them are a matter of alignment."""
_LONGEST_ADDED = 6
_OWN_WORDS = 3
_ENDS = frozenset(".!?\n")
_AROUND = 3
"""Words that both texts have around it, at least."""


def swapped(pair: Pair) -> str | None:
    """A word put for another in a text that is the same around it, where every word counts."""
    a, b, around = pair.gap
    if (
        not (a and b)
        or len(a) > _WIDEST
        or len(b) > _WIDEST
        or around < _AROUND
        or not pair.is_exacting
    ):
        return None
    if _both_request(pair) or _named_alike(a, b):
        return None
    left, right = _weighty(a, pair.only_a, pair), _weighty(b, pair.only_b, pair)
    if (pair.only_a or pair.only_b) and (left or right):
        return f"{' '.join(each.word for each in a)} and {' '.join(each.word for each in b)}"
    return None


def _named_alike(a: tuple[Token, ...], b: tuple[Token, ...]) -> bool:
    """Whether one text only says what kind of thing both name: "the # sign", "#"."""
    said = lexicon.word_set("naming_noun")
    left, right = ([token.raw for token in side if token.word not in said] for side in (a, b))
    return left == right and bool(left)


def _both_request(pair: Pair) -> bool:
    """Whether each text opens with another way to ask for a thing: "Write a", "Give me a"."""
    asks = lexicon.word_set("requesting")
    return all(
        text.tokens[0] is words[0] and asks.issuperset(token.word for token in words)
        for text, words in ((pair.a, pair.gap.a), (pair.b, pair.gap.b))
    )


def narrowed(pair: Pair) -> str | None:
    """A word that one text adds to the other, where every word counts."""
    a, b, around = pair.gap
    added = a or b
    if (a and b) or not 0 < len(added) <= _LONGEST_ADDED or around < _AROUND:
        return None
    if _qualifies(pair, added) or _is_owned(pair, added):
        return f"{added[0].word} on one side only"
    if not (pair.is_exacting or _is_closer_description(pair, added)):
        return None
    if _only_orders(pair, added) or _only_announces(pair, added):
        return None
    only = pair.only_a or pair.only_b
    if _weighty(added, only, pair):
        return f"{' '.join(token.word for token in added)} on one side only"
    return None


def _only_orders(pair: Pair, added: tuple[Token, ...]) -> bool:
    """Whether the words only say "Write a" before what is to be written."""
    tokens = (pair.a if pair.gap.a else pair.b).tokens
    if tokens[0] is not added[0]:
        return False
    writes = lexicon.classes()["do_write"]
    return all(token.word in writes or token.word in {"a", "an", "the", "me"} for token in added)


def _only_announces(pair: Pair, added: tuple[Token, ...]) -> bool:
    """Whether the words only say what kind of thing follows: "the equation x + 3 = 7"."""
    if _names_next(pair, added):
        return True
    if not pair.a.signature or pair.a.signature != pair.b.signature:
        return False
    announcing = lexicon.word_set("announcing")
    return all(token.word in announcing or token.word in {"the", "this"} for token in added)


def _names_next(pair: Pair, added: tuple[Token, ...]) -> bool:
    """Whether the words say what the next one is: "the acronym HTTP", "the letter R"."""
    tokens = (pair.a if pair.gap.a else pair.b).tokens
    after = next(at for at, token in enumerate(tokens) if token is added[-1]) + 1
    nouns = lexicon.word_set("naming_noun")
    if after == len(tokens) or any(token.word not in nouns for token in added):
        return False
    return tokens[after].raw.isupper() or not tokens[after].raw.isalpha()


def _is_closer_description(pair: Pair, added: tuple[Token, ...]) -> bool:
    """Whether it is asked if one is, or how one becomes, "an actor" or "a famous actor"."""
    tokens = (pair.a if pair.gap.a else pair.b).tokens
    at = next(at for at, token in enumerate(tokens) if token is added[0])
    asks = "yesno" in pair.a.questions & pair.b.questions or "become" in pair.a.words
    return asks and len(added) == 1 and at > 0 and tokens[at - 1].word in {"a", "an"}


def _qualifies(pair: Pair, added: tuple[Token, ...]) -> bool:
    """Whether a single word narrows a question of medicine, law or money: "mild", "gross"."""
    qualifiers = lexicon.classes()["qualifier"]
    return len(added) == 1 and added[0].word in qualifiers and not pair.both_tell


def _is_owned(pair: Pair, added: tuple[Token, ...]) -> bool:
    """Whether a question about an owner becomes one about what is owned: "Ann's rival", "Ann"."""
    one, other = (pair.a, pair.b) if pair.gap.a else (pair.b, pair.a)
    if "'s " not in one.text or pair.both_tell or not added[-1].stem.isalpha():
        return False
    at = next(at for at, token in enumerate(one.tokens) if token is added[0])
    owner = one.tokens[at - 1]
    if not owner.raw.endswith("'s") or added[0].stem not in one.content:
        return False
    return owner.raw.removesuffix("'s") in (token.raw for token in other.tokens)


def appended(pair: Pair) -> str | None:
    """A second sentence that one text has after the other, or before it, with words of its own.

    So that no suffix carries an answer over to a question that was never asked.
    """
    a, b, _ = pair.gap
    added = a or b
    if (a and b) or len(added) <= _WIDEST or pair.both_tell:
        return None
    only = pair.only_a or pair.only_b
    own = sum(token in only for token in added)
    if own >= _OWN_WORDS or (own == _OWN_WORDS - 1 and _is_sentence(pair, added)):
        return f"{own} words of its own on one side"
    return None


def _is_sentence(pair: Pair, added: tuple[Token, ...]) -> bool:
    """Whether a mark that ends sentences parts the words from the rest, or one of them opens."""
    tokens = (pair.a if pair.gap.a else pair.b).tokens
    first = next(at for at, token in enumerate(tokens) if token is added[0])
    before = tokens[first - 1].raw if first else "."
    return not _ENDS.isdisjoint(before) or any(token.opens for token in added)


def _weighty(tokens: tuple[Token, ...], only: tuple[Token, ...], pair: Pair) -> bool:
    soft = lexicon.soft_stems()
    return any(
        token in only and token.stem not in soft and not _is_said_again(token, pair)
        for token in tokens
    )


def _is_said_again(token: Token, pair: Pair) -> bool:
    """Whether a word that both texts share says the same, or brings it about.

    "charge a fee" and "a fee", "unlock my locked account" and "unlock my account".
    """
    shared = pair.a.content.keys() & pair.b.content.keys()
    if token.word.endswith("ed") and any(are_opposites(token.stem, stem) for stem in shared):
        return True
    synonyms = lexicon.synonyms()
    groups = synonyms.get(token.stem, frozenset())
    return any(not groups.isdisjoint(synonyms.get(stem, frozenset())) for stem in shared)
