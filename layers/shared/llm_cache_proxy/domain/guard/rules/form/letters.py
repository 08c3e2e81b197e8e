"""Differences in single letters: variables, options, blood groups, keys.

The article "a" and the pronoun "I" are none, nor are the letters of "X-ray" and of initials.
"""

import re

from llm_cache_proxy.domain.guard.pair.letter_case import is_pressed
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.arrangement import Item, changed_places, item_at
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token
from llm_cache_proxy.domain.guard.words import lexicon

_JOINED = re.compile(r"(?<!\w)([a-z])-[a-z]{2}")
_INITIAL = re.compile(r"(?<!\w)(?<!is )(?<!answer )(?<!option )(?<!choice )([A-Z])\.\s?[A-Za-z]")
_BEFORE_FILE = re.compile(r"\b[aA] \.[A-Za-z]")
_NO_NOUN = frozenset({"and", "or", "is"})
"""Words that never follow an article."""
_EMPHASIS = frozenset({"*", "**", "_", "__", "#", "@"})
_DEGREES = frozenset({"'", "°", "degree", "degrees"})
_AFTER_NUMBER = frozenset("ksxmb")
_SAID = frozenset("ur")
"""What is "you" and "are" where no other letter stands."""
_BEFORE_YOU = frozenset({"do", "can", "could", "would", "will", "did"})
"""Words behind which an "u" is "you": "how do u sort"."""
_SIGN_NAMES = frozenset({"sign", "symbol", "operator", "character"})
_LABELS = frozenset({"q", "a"})
_LETTER_AND_NOUN = 3
_LETTERS = frozenset({Kind.WORD, Kind.IDENTIFIER})
_TYPED_SHORT = frozenset("nykowdvucsthp")
"""Small letters that stand for a word where people type in haste: "n" for "and", "y" for "why"."""


def _letters(pair: Pair) -> str | None:
    other = _in_place_of(pair)
    if other is not None:
        return other
    a, b = _singles(pair.a, pair.b), _singles(pair.b, pair.a)
    if not a and not b:
        return None
    left, right = sorted(item.value for item in a), sorted(item.value for item in b)
    if left != right:
        if _may_come_and_go(pair, {*left} ^ {*right}, both=bool(a and b)):
            return None
        return f"letters {' '.join(left[:4])} and {' '.join(right[:4])}"
    if len(a) > 1 and changed_places(a, b, pair.a.tokens, pair.b.tokens):
        return "letters that change places"
    return _other_case(pair, a, b)


def _in_place_of(pair: Pair) -> str | None:
    """Letters, the "I" and the "a" among them, each of which stands where another one stood."""
    a, b = pair.a.plain, pair.b.plain
    if len(a) != len(b):
        return None
    differing: list[tuple[Token, Token]] = []
    for one, other in zip(a, b, strict=True):
        if one.word == other.word:
            continue
        if not (_is_letter(one) and _is_letter(other)):
            return None
        differing.append((one, other))
    if not differing:
        return None
    left, right = (sorted(token.word for token in side) for side in zip(*differing, strict=True))
    if left == right and not lexicon.word_set("list_joint").isdisjoint(pair.a.words):
        return None  # "A or I"
    return f"{differing[0][0].raw} and {differing[0][1].raw}"


def _is_letter(token: Token) -> bool:
    """Whether a token is a letter, or one that is said again: "p", "pp"."""
    letter = _letter(token) or (token.raw if len({*token.word}) == 1 else "")
    return letter.isascii() and letter.isalpha()


def _letter(token: Token) -> str:
    """The letter that a token is, or of which it names several: "s", "s's"."""
    if len(token.raw) == 1:
        return token.raw
    return token.word if len(token.word) == 1 else ""


def _may_come_and_go(pair: Pair, only: set[str], *, both: bool) -> bool:
    """Whether the letters of one text alone say nothing: initials in the news, "find x"."""
    if not both and (only <= _TYPED_SHORT or pair.retells):
        return True
    unknowns = _unknowns(pair.a)
    return len(unknowns) == 1 and only <= unknowns == _unknowns(pair.b)


def _unknowns(analysis: Analysis) -> set[str]:
    """The letters in the formulas of a text."""
    return {sign for unit in analysis.signature for sign in unit if sign.isalpha()}


def _singles(analysis: Analysis, other: Analysis) -> list[Item]:
    """The letters of a text that stand for something, in order."""
    tokens, alone = analysis.tokens, _alone(analysis)
    if not alone:
        return []
    joined = {*_JOINED.findall(analysis.text.casefold()), *_JOINED.findall(other.text.casefold())}
    initials = {*_INITIAL.findall(analysis.text)}
    if analysis.text.islower():  # "j. k. rowling"
        initials |= {each.casefold() for each in _INITIAL.findall(other.text)}
    names_file = _BEFORE_FILE.search(analysis.text) is not None
    found = [
        at
        for at in alone
        if tokens[at].raw not in initials
        and not (tokens[at].word in joined and _is_word(tokens, at + 1))
        and not (tokens[at].word == "a" and names_file)
        and not (tokens[at].raw in _SAID and tokens[at - 1].word in _BEFORE_YOU)
    ]
    if all(tokens[at].raw in _SAID for at in found) and "computing" not in analysis.classes:
        return []
    return [item_at(tokens, _letter(tokens[at]).casefold(), at, at + 1) for at in found]


@once_a_text
def _alone(analysis: Analysis) -> tuple[int, ...]:
    """Where single letters stand that are no article, no "I", no label, no part of anything."""
    tokens = analysis.tokens
    return tuple(
        [
            at
            for at, (raw, word, _, kind, _, _) in enumerate(tokens)
            if kind in _LETTERS
            and (len(raw) == 1 or len(word) == 1)
            and raw != "I"
            and raw.isascii()
            and _letter(tokens[at]).isalpha()
            and _stands_alone(tokens, at)
            and not _is_label(tokens, at)
        ]
    )


def _stands_alone(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the letter is no article, and nothing that is left of a number or a name."""
    token = tokens[at]
    before = tokens[at - 1] if at else None
    if token.raw == "i" and not _is_variable(tokens, at):
        return False
    if token.word == "a" and at + 1 < len(tokens) and tokens[at + 1].word in _NO_NOUN:
        return True
    if token.raw == "a" and before is not None and _is_before_letter(tokens, at):
        return False
    if token.word == "a" and (_is_word(tokens, at + 1) or _opens_more(tokens, at + 1)):
        return before is not None and _is_no_article(token, before.word)
    if before is not None and (before.kind is Kind.NUMBER or before.raw in _DEGREES):
        return token.word not in lexicon.units() and token.word not in _AFTER_NUMBER
    named = _is_word(tokens, at + 1) and tokens[at + 1].capital and before and before.capital
    return not (token.capital and named)


def _is_before_letter(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether an "a" is the article of one letter, and of what that describes: "a t rex"."""
    if len(tokens) < at + _LETTER_AND_NOUN:
        return False
    letter, after = tokens[at + 1].raw, tokens[at + 2]
    if len(letter) > 1 or not letter.isalpha() or not after.word.isalpha() > _is_one(after):
        return False
    before = tokens[at - 1][1:3]
    articled = lexicon.function_words(), lexicon.word_set("taking")
    return any(not words.isdisjoint(before) for words in articled)


def _is_one(token: Token) -> bool:
    return len(token.word) == 1 and token.word != "i"


def _is_no_article(token: Token, before: str) -> bool:
    """Whether an "a" before a word is a letter: "vitamin A intake", "the a minor scale"."""
    if before in lexicon.word_set("owned") or before in lexicon.word_set("always_lettered"):
        return True
    return token.capital and (
        before in lexicon.word_set("lettered") or before in lexicon.word_set("definite")
    )


def _is_label(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether the letter opens a question or an answer: "Q: What is love?"."""
    opens = tokens[at].opens and tokens[at].word in _LABELS
    return opens and any(each.raw[0] == ":" for each in tokens[at + 1 : at + 2])


def _is_variable(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether an "i" stands beside a sign or another letter, and is no pronoun."""
    if at + 1 == len(tokens):
        return False
    after = tokens[at + 1]
    return after.kind in {Kind.SYMBOL, Kind.MARK} or (len(after.raw) == 1 and after.raw.isalpha())


def _is_word(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a word of several letters stands there."""
    return at < len(tokens) and tokens[at].kind in _LETTERS and len(tokens[at].word) > 1


def _opens_more(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a number, code or a passage in marks begins there, as it may after an article."""
    if at == len(tokens):
        return False
    token = tokens[at]
    if token.capital and token.kind in _LETTERS:
        return True
    if token.raw == "`" or (len(token.raw) == 1 and _is_sign_name(tokens, at + 1)):
        return True
    if token.raw in _EMPHASIS:
        return _is_word(tokens, at + 1)
    if token.raw == "<":  # "a <div>"
        return _is_word(tokens, at + 1) and any(each.raw[0] == ">" for each in tokens[at + 2 :][:1])
    return token.kind not in {*_LETTERS, Kind.MARK, Kind.SYMBOL} or token.raw[0] in "\"“„«(['"


def _is_sign_name(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a word such as "sign" stands there: "a % sign"."""
    return at < len(tokens) and tokens[at].word in _SIGN_NAMES


def _other_case(pair: Pair, a: list[Item], b: list[Item]) -> str | None:
    """A letter that is a capital in one of two texts which are otherwise the same."""
    first, second = pair.a.tokens, pair.b.tokens
    if len(first) != len(second) or not a:
        return None
    differing = {at for at, one in enumerate(first) if one.raw != second[at].raw}
    named = lexicon.word_set("lettered")
    for one, other in zip(a, b, strict=True):
        if is_pressed(first, one.start) or len(first[one.start].raw) > 1:
            continue
        if {one.start} == differing == {other.start} and one.head not in named:
            return f"{first[one.start].raw} and {second[one.start].raw}"
    return None


LETTERS = Rule(
    name="letters",
    looks_at="single letters: variables, options, groups, keys",
    vetoes=(
        ("Can blood type A get type B?", "Can blood type B get type A?"),
        ("Is option c right?", "Is option d right?"),
        ("Solve p = 3q + 1 for q", "Solve p = 3q + 1 for p"),
        ("What does P(X|Y) mean?", "What does P(Y|X) mean?"),
        ("What is the code of the sign g?", "What is the code of the sign G?"),
    ),
    passes=(
        ("Is a potato a fruit?", "Is potato a fruit?"),
        ("What is the sum of a + b?", "What is the sum of b + a?"),
        ("How does an X-ray work?", "How does an xray work?"),
        ("What is vitamin d?", "What is vitamin D?"),
        ("Who was J. K. Rowling?", "Who was JK Rowling?"),
        ("Who was J. K. Rowling?", "who was j. k. rowling"),
    ),
    check=_letters,
)
