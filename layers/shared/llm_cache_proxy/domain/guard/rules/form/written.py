"""Differences in how a text is written: its language, its quotations, its code, its capitals."""

from functools import cache
from itertools import pairwise
from typing import NamedTuple

from llm_cache_proxy.domain.guard.pair.capitals import other_capitals
from llm_cache_proxy.domain.guard.pair.letter_case import (
    other_identifier,
    other_member,
    other_symbol,
)
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.accents import UNDETERMINED
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.foreign import ENGLISH
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token, tokenise
from llm_cache_proxy.domain.guard.words import lexicon

_LONG_IDENTIFIER = 6
_LONG_PASSAGE = 6
_SEVERAL = 2
_MOST_OF_IT = 0.8
_WORD, _NAME, _EITHER = "word", "name", "either"


def _language(pair: Pair) -> str | None:
    a, b = pair.a, pair.b
    if a.script and b.script and a.script != b.script:
        return f"written in {a.script.lower()} and {b.script.lower()} letters"
    if (
        a.language != b.language
        and ENGLISH in {a.language, b.language}
        and not {a.language, b.language} & {"", UNDETERMINED}
    ):
        return f"written in {a.language} and {b.language}"
    return None


def _quotation(pair: Pair) -> str | None:
    """Quotations on both sides that differ; what only one side quotes, other rules compare."""
    left, right = pair.a.quotations, pair.b.quotations
    if not left or not right:
        return None
    for span in left:
        if not any(_alike(span, other) for other in right) and not _has(pair, pair.b, span):
            return f"quoted: {span[:40]}"
    for span in right:
        if not any(_alike(span, other) for other in left) and not _has(pair, pair.a, span):
            return f"quoted: {span[:40]}"
    return None


def _alike(one: str, other: str) -> bool:
    """Whether two quotations differ in their first capital at most."""
    return one[:1].casefold() + one[1:] == other[:1].casefold() + other[1:]


def _has(pair: Pair, analysis: Analysis, span: str) -> bool:
    return _contains(analysis, span) or (pair.both_tell and _retells(analysis, span))


def _retells(analysis: Analysis, span: str) -> bool:
    """Whether the text has most words of the passage, as news quote a speech."""
    words = [token.stem for token in tokenise(span) if token.kind is not Kind.MARK]
    return sum(word in analysis.stems for word in words) >= _MOST_OF_IT * len(words)


def _contains(analysis: Analysis, span: str) -> bool:
    """Whether the text has the passage without its marks, a long one perhaps in pieces."""
    if " ".join(span.split()) in " ".join(analysis.text.split()):
        return True
    words = [token.word for token in tokenise(span) if token.kind is not Kind.MARK]
    rest = iter(analysis.words)
    return len(words) >= _LONG_PASSAGE and all(word in rest for word in words)


def _code(pair: Pair) -> str | None:
    if not (pair.a.code or pair.b.code):
        return None
    left, right = set(pair.a.code), set(pair.b.code)
    for one, other, spans in ((left, pair.b, right), (right, pair.a, left)):
        for span in one - spans:
            if span not in other.text:
                return f"code: {span[:40]}"
    if len(left) < _SEVERAL or _flags(pair.a) == _flags(pair.b):
        return None
    return "flags in another order"


def _flags(analysis: Analysis) -> list[str]:
    """The flags of a command in order; of those that stand together the order says nothing."""
    runs: list[list[str]] = []
    before = -2
    for at, token in enumerate(analysis.plain):
        if token.kind is Kind.CODE and token.raw[0] == "-":
            if at == before + 1:
                runs[-1].append(token.raw)
            else:
                runs.append([token.raw])
            before = at
    flags = [sorted(run) for run in runs]
    return [flag for run in flags for flag in run] if len(flags) > 1 else []


class _Cases(NamedTuple):
    """Words that are acronyms in capitals, and words that are names with a capital."""

    upper: set[str]
    title: set[str]


@cache
def _case_sensitive() -> tuple[_Cases, _Cases]:
    """Words whose capitals count in any two texts, and words where they only break a tie."""
    named = lexicon.named("cases")
    upper, title = set(named["upper"]), set(named["title"])
    close = _Cases(upper | set(named["close_upper"]), title | set(named["close_title"]))
    return _Cases(upper, title), close


def _case(pair: Pair) -> str | None:
    loose, close = _case_sensitive()
    cases = close if pair.a.words == pair.b.words else loose
    if "computing" in pair.a.classes and "computing" in pair.b.classes:
        cases = loose  # "install git on windows", "a rest api"
    left, right = _shapes(pair.a, cases), _shapes(pair.b, cases)
    for word in left.keys() & right.keys():
        if _NAME in left[word] ^ right[word] and _EITHER not in left[word] | right[word]:
            return f"{word}: capitals matter"
    if Kind.IDENTIFIER in pair.a.kinds and Kind.IDENTIFIER in pair.b.kinds:
        a, b = _mixed(pair.a), _mixed(pair.b)
        if _in_capitals_of(a, b) != _in_capitals_of(b, a):
            return "an identifier differs in its capitals"
    other = other_symbol(pair.a, pair.b) or other_identifier(pair.a, pair.b)
    return other or other_member(pair.a, pair.b) or other_capitals(pair)


def _in_capitals_of(raws: set[str], others: set[str]) -> set[str]:
    """Those that the others have, in whatever capitals."""
    folded = {raw.casefold() for raw in others}
    return {raw for raw in raws if raw.casefold() in folded}


def _shapes(analysis: Analysis, cases: _Cases) -> dict[str, set[str]]:
    """Case-sensitive words of a text → the ways they are meant: as a word, a name, either."""
    if cases.upper.isdisjoint(analysis.words) and cases.title.isdisjoint(analysis.words):
        return {}
    words = [token for token in analysis.tokens if token.kind is Kind.WORD and token.raw.isalpha()]
    numbered = {
        one
        for one, then in pairwise(analysis.tokens)
        if then.kind is Kind.NUMBER and one.word in lexicon.word_set("brand")
    }  # "windows 11"
    shouted = all(token.raw.isupper() for token in words if len(token.raw) > 1)
    long = [token.capital for token in words if len(token.raw) > 1]
    titled = sum(long) * 3 > len(long) * 2
    # A word all in capitals shouts: it does not show that the writer takes care of capitals.
    lowered = not analysis.text[:1].isupper() and not any(
        token.capital and not token.raw.isupper() for token in words
    )
    found: dict[str, set[str]] = {}
    for before, token in zip([None, *words], words, strict=False):
        if token not in numbered and (token.word in cases.upper or token.word in cases.title):
            shape = _shape(
                token, before, shouted=shouted, titled=titled, lowered=lowered, upper=cases.upper
            )
            found.setdefault(token.word, set()).add(shape)
    return found


def _shape(
    token: Token,
    before: Token | None,
    *,
    shouted: bool,
    titled: bool,
    lowered: bool,
    upper: set[str],
) -> str:
    if shouted:
        return _EITHER
    if token.word in upper:
        if token.raw.isupper() and len(token.raw) > 1:
            return _NAME
        named = token.word == "us" and before is not None and before.word == "the"
        return _NAME if named else _WORD
    if not token.capital:
        return _EITHER if lowered and token.word not in _case_sensitive()[0].title else _WORD
    return _EITHER if token.opens or titled else _NAME


@once_a_text
def _mixed(analysis: Analysis) -> set[str]:
    """Long tokens of letters and digits mixed, where capitals may be part of a secret or an id."""
    return {
        token.raw
        for token in analysis.tokens
        if token.kind is Kind.IDENTIFIER
        and len(token.raw) >= _LONG_IDENTIFIER
        and any(letter.isdigit() for letter in token.raw)
        and token.word.rstrip("0123456789") not in lexicon.classes()["computing"]  # "OAuth2"
        and token.word not in lexicon.word_set("by_marks")  # "Base64"
    }


LANGUAGE = Rule(
    name="language",
    looks_at="the writing system and the language a text is written in",
    vetoes=(
        ("What is the capital of France?", "Quelle est la capitale de la France ?"),
        ("What is love?", "Что такое любовь?"),
    ),
    passes=(("What is the capital of France?", "what's the capital of France"),),
    check=_language,
    any_language=True,
)
QUOTATION = Rule(
    name="quotation",
    looks_at="passages in quotation marks",
    vetoes=(
        ("Translate 'good morning' to French", "Translate 'good evening' to French"),
        ('Who said "I came, I saw"?', 'Who said "I think, therefore I am"?'),
    ),
    passes=(("Translate 'good morning' to French", 'Please translate "Good morning" to French'),),
    check=_quotation,
    any_language=True,
)
CODE = Rule(
    name="code",
    looks_at="URLs, addresses, paths, flags, fenced and inline code",
    vetoes=(
        ("What does rm -r do?", "What does rm -f do?"),
        ("Explain `x = a[1:]`", "Explain `x = a[:1]`"),
    ),
    passes=(("What does `ls -l` print?", "what does ls -l print"),),
    check=_code,
    any_language=True,
)
CASE = Rule(
    name="case",
    looks_at="words and identifiers whose meaning hangs on capital letters",
    vetoes=(
        ("Tell me about us", "Tell me about US"),
        ("How do I polish shoes?", "How do I Polish shoes?"),
        ("Is it good to work in IT?", "Is it good to work in it?"),
        ("What's the atomic number of Co?", "What's the atomic number of CO?"),
        ("What is the resistance of 5 mΩ?", "What is the resistance of 5 MΩ?"),
        ("Is 5mW much?", "Is 5MW much?"),
        ("How long do 100 Mb take?", "How long do 100 MB take?"),
        ("Is 3 S much?", "Is 3 s much?"),
        ("What does yy do in vim?", "What does yY do in vim?"),
        ("Is a pH of 7 low?", "Is a PH of 7 low?"),
        ("What does fmt.Println do?", "What does fmt.println do?"),
        ("Who is god?", "Who is God?"),
    ),
    passes=(
        ("WHAT IS RUST?", "what is rust?"),
        ("What is Rust?", "what is rust"),
        ("Turkey recipes", "turkey recipes"),
        ("Is 5 Kg heavy?", "is 5 kg heavy?"),
        ("WHAT IS THE PH OF MILK?", "What is the pH of milk?"),
        ("How far is 10 KM?", "how far is 10 km?"),
        ("Is my TV broken?", "Is my tv broken?"),
        ("What is OAuth2?", "What is oauth2?"),
    ),
    check=_case,
    any_language=True,
)
