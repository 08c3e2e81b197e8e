"""Whether marks between two words, or beside a number, a letter or a name, tell two texts apart.

Between words few do: they part and end what is said. Beside anything else most do.
"""

import re

from llm_cache_proxy.domain.guard.pair.marks.around import Around
from llm_cache_proxy.domain.guard.pair.marks.gaps import Difference
from llm_cache_proxy.domain.guard.words import lexicon

_PARTING = frozenset(",.;:!?-()[]/&\u2022\u00bf\u00a1|~+")
"""Marks that part or end what is said, between two words."""
_ENDING = frozenset(".?!,;:)]")
_ALONE = re.compile(r"\s[,;:.!?/]{1,3}\s")
_LOGIC = frozenset({"and", "or", "not", "where", "when", "if", "else"})
ASKING = frozenset({"a", "an", "and", "between", "do", "does", "is", "of", "or", "the"})
"""Words behind which a mark that stands alone is asked about."""
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_word(part: str) -> bool:
    """Whether it is a word of several letters, and no number or name with digits."""
    return len(part) > 1 and part.isalpha()


def without(text: str, marks: str) -> str:
    """The text without any of the marks."""
    return text.translate(dict.fromkeys(map(ord, marks))) if text else text


def tells_between_words(difference: Difference, plain: str, bare: str, around: Around) -> bool:
    """Whether the marks between two words tell; `plain` and `bare` are those without quotes."""
    before, after, marks = difference.before, difference.after, {plain, bare}
    if not _PARTING.issuperset(plain + bare):
        return True
    if (
        _is_range(difference)
        or _stands_alone(difference)
        or (marks == {"!", "?"} and not after[:1].isupper())
    ):
        return True
    if ("(" in plain) != ("(" in bare) or (")" in plain) != (")" in bare):
        return _in_condition(before, after, around)
    return "" in marks and _one_mark_tells(difference, plain or bare, around)


def _one_mark_tells(difference: Difference, mark: str, around: Around) -> bool:
    """Whether a mark tells that one of two texts has between two words and the other lacks."""
    before, after = difference.before, difference.after
    if mark == "/":
        return "/ " in difference[:2] and around.ends_path
    if mark == "-":
        return (
            _acts(before, after)
            or around.speaks_of("spelled_out")
            or around.names(f"{before}-{after}")
        )
    if mark == ",":
        return _calls(before, after, around)
    return mark == "." and _ends_name(before, after, around)


def _stands_alone(difference: Difference) -> bool:
    """Whether a mark stands by itself, as one does that is asked about: "What is a ; in C?"."""
    stands = [_ALONE.fullmatch(gap) is not None for gap in difference[:2]]
    return all(stands) or (any(stands) and difference.before.casefold() in ASKING)


def _is_range(difference: Difference) -> bool:
    """Whether a hyphen reaches from one to the other where a comma only names both: "Mon-Fri"."""
    return "-" in difference[:2] and "," in difference.one + difference.other


def _ends_name(before: str, after: str, around: Around) -> bool:
    """Whether a full stop ends no sentence, but the name of a host: "example.com."."""
    ends = not after.islower() or before.casefold() in lexicon.word_set("shortened")
    return around.is_code and not ends and not around.is_careless


def _acts(before: str, after: str) -> bool:
    """Whether the first of two words could do what the second says: "man eating", "man-eating"."""
    does = after.casefold() in lexicon.word_set("done_to_prey")
    return does and before.casefold() in lexicon.word_set("animate")


def _calls(before: str, after: str, around: Around) -> bool:
    """Whether a comma makes one who is done to one who is called: "Let's eat, grandma"."""
    called = after.casefold() in lexicon.word_set("animate") or after[:1].isupper()
    word = after.casefold()
    last = called and around.pair.a.words[-1:] in {(word,), ("correct",)}
    return last and "let" in around.words and before.casefold() not in lexicon.function_words()


def _in_condition(before: str, after: str, around: Around) -> bool:
    """Whether brackets join the parts of a condition, or run commands in a shell of their own."""
    commands = lexicon.word_set("command_line") | lexicon.word_set("command_word")
    joins = not _LOGIC.isdisjoint({before.casefold(), after.casefold()})
    return around.is_code and (joins or after in commands)


def tells_beside_symbol(difference: Difference, plain: str, bare: str, around: Around) -> bool:
    """The same of marks beside a number, a letter or a name."""
    before, marks = difference.before, {plain, bare}
    if marks == {".", ""}:
        return not _is_initial(before)
    if marks == {"-", ""}:
        return not _is_compound(difference)
    if marks <= {",", ";", "", ",,"}:
        return "" not in marks or around.is_code or _is_mixed(before)
    if all(_ENDING.issuperset(each) for each in marks):
        return _ends_otherwise(difference, marks)
    if not marks <= {"(", ")", "", ",", ")."}:
        return True
    return _encloses(difference, marks, around)


def _ends_otherwise(difference: Difference, marks: set[str]) -> bool:
    """Whether marks that end a sentence elsewhere end none here: "24! a", "1.e4", "1...e4"."""
    if "" in marks:
        return _is_mixed(difference.before) or not difference.after[:1].isupper()
    return {*"".join(marks)} == {"."} and " " not in difference.one + difference.other


def _is_compound(difference: Difference) -> bool:
    """Whether a hyphen only joins a number or a letter to a word: "t-test", "50-seat"."""
    gaps = {*difference[:2]}
    spaced = "-" in gaps and gaps <= {"-", " ", ""}
    return spaced and (is_word(difference.before) or is_word(difference.after))


def _encloses(difference: Difference, marks: set[str], around: Around) -> bool:
    """Whether brackets around a number or a letter tell; around a year or an aside they do not."""
    before, after = difference.before, difference.after
    inner, outer = (after, before) if "(" in marks else (before, after)
    if outer.casefold() in _LOGIC:
        return True
    if is_word(inner) or _YEAR.fullmatch(inner) or "," in marks:
        return False
    return around.is_code or around.about_money or inner.isdigit()


def _is_mixed(part: str) -> bool:
    """Whether it has letters and digits, as identifiers have, and sizes: "5px"."""
    return not (part.isalpha() or part.isdigit() or _ORDINAL.fullmatch(part))


def _is_initial(before: str) -> bool:
    """Whether a full stop only shortens a name or a title: "J. Doe", "vs. 5"."""
    listed = before.casefold() in lexicon.word_set("shortened")
    return listed or (len(before) == 1 and before.isupper())
