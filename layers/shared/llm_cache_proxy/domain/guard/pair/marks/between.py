"""What stands between the words of two texts that have the same letters in the same order.

There the whole difference is one of marks and spaces. It says nothing where a mark only ends or
parts what is said: a comma, a full stop, quotes around words, a hyphen in a compound. Anything
else counts, whatever it is, so that no notation has to be known for its signs to tell.
"""

import re
from unicodedata import category

from llm_cache_proxy.domain.guard.pair.marks.around import Around
from llm_cache_proxy.domain.guard.pair.marks.gaps import (
    Difference,
    differences,
    gaps,
    have_same_letters,
)
from llm_cache_proxy.domain.guard.pair.marks.parting import (
    ASKING,
    is_word,
    tells_beside_symbol,
    tells_between_words,
    without,
)
from llm_cache_proxy.domain.guard.pair.marks.quoting import QUOTES, quotes_tell
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.words import lexicon

_PICTURES = frozenset({"So", "Sk", "Mn", "Cf", "Cn"})
_ENDS = ".?!,;:()[]=>"
_LEADING = frozenset("-*>#$(_\u2022\u2192\u00bf\u00a1")
"""What opens a line and only sets it off: a bullet, a prompt, an inverted mark."""
_TOLD_BY_SPACES = {"*": "command_line", **dict.fromkeys(("=", "[", "]", "[[", "]]"), "shell")}
"""Signs that a shell reads in another way with spaces around them → words that speak of one."""
_MONEY = "$\u20ac\u00a3\u00a5\u20b9"
_RUN = re.compile(r"[+-]{3,}")
_WIDE = re.compile(r"([\"'`])\w[\w ]*  [\w ]*\1")
"""Several spaces inside quotes."""
_FACE = re.compile(r"[:;=][-o']?[)(\]\[]+")
_SIGN_NAMES = frozenset({"operator", "sign", "symbol", "character"})
_ANNOUNCING = frozenset({"", ":", "-", ".", "?", "(", ":(", ":-", ".-", ":---", ".---"})
"""What stands before a text that is handed over, a rule below it included."""


def other_marks(pair: Pair) -> str | None:
    """The first marks that tell the texts apart where their letters do not."""
    if pair.retells or not have_same_letters(pair):
        return None
    if pair.a.script != "LATIN":
        return "a comma at another place" if _has_moved_comma(pair) else None
    around = Around(pair)
    last: Difference | None = None
    for difference in differences(pair.a, pair.b):
        if _tells(difference, around) or (last is not None and _moves(last, difference)):
            return f"written with {difference.one!r:.12} and {difference.other!r:.12}"
        last = difference
    return None


def _has_moved_comma(pair: Pair) -> bool:
    """Whether each text has a comma where the other one has none: "Stop, not wait"."""
    a, b = (
        {place for place, marks in gaps(one).items() if marks.strip() == ","}
        for one in (pair.a, pair.b)
    )
    return bool(a - b) and bool(b - a)


def _moves(last: Difference, here: Difference) -> bool:
    """Whether an apostrophe moves by one letter: "it's", "its'"."""
    if not last.after == here.before == "s" or (last.one + last.other).strip() != "'":
        return False
    stands = "'" in here.one
    return stands != ("'" in here.other) and stands != bool(last.one)


def _tells(difference: Difference, around: Around) -> bool:
    """Whether the marks and spaces at one place make it another prompt."""
    one, other = ("".join(gap.split()) for gap in difference[:2])
    if one == other:
        return _spaces_tell(difference, one, around)
    plain, bare = without(one, QUOTES), without(other, QUOTES)
    if plain == bare:
        return quotes_tell(difference, around)
    plain, bare = _plain(plain), _plain(bare)
    if without(plain, _MONEY) == without(bare, _MONEY):
        return False  # the rule on units compares amounts
    if _marks_name(*difference[:2]) or _marks_name(*difference[1::-1]):
        return False
    return _marks_tell(difference, plain, bare, around)


def _marks_tell(difference: Difference, plain: str, bare: str, around: Around) -> bool:
    before, after = difference.before, difference.after
    if not before:
        return _opening_tells(plain, bare, around)
    if _SIGN_NAMES & {before, after} and "" in {plain.rstrip("?"), bare.rstrip("?")}:
        return not around.has_moved_mark
    if not after:
        return _closing_tells(plain, bare, around)
    if _introduces(difference, {plain, bare}, around):
        return False
    words = is_word(after) and (is_word(before) or (before == "a" and "," not in plain + bare))
    tells = tells_between_words if words else tells_beside_symbol
    return around.speaks_of("spelling") or tells(difference, plain, bare, around)


def _spaces_tell(difference: Difference, marks: str, around: Around) -> bool:
    """Whether spaces tell: in YAML, between "++" and "+", in a row of tabs, in a string."""
    one, other, before, _, _ = difference
    if marks == ":" and "yaml" in around.words:
        return one[-1].isspace() != other[-1].isspace()
    if before and marks in _TOLD_BY_SPACES:
        return around.speaks_of(_TOLD_BY_SPACES[marks])
    if _RUN.fullmatch(marks):
        return one.split() != other.split()
    if ("\n" in one) != ("\n" in other):
        return before == "return"
    if ("\t" in one) != ("\t" in other) and around.speaks_of("tabulating"):
        return True
    a, b = around.pair.a.text, around.pair.b.text
    return "  " in one + other and (_WIDE.search(a) is None) != (_WIDE.search(b) is None)


def _opening_tells(plain: str, bare: str, around: Around) -> bool:
    """Whether the marks before the first word tell: a heading of another level."""
    if plain and bare:
        return True
    if "#" in plain + bare:
        return around.speaks_of("typeset")
    return not _LEADING.issuperset(plain + bare)


def _closing_tells(plain: str, bare: str, around: Around) -> bool:
    """Whether the marks behind the last word tell, but for those that end a sentence."""
    if "/" in {plain.rstrip(".?"), bare.rstrip(".?")}:
        return around.ends_path
    plain, bare = (without(_FACE.sub("", each), _ENDS) for each in (plain, bare))
    return plain != bare


def _introduces(difference: Difference, marks: set[str], around: Around) -> bool:
    """Whether the marks only announce what follows: "Solve: x = 3", "this error - …"."""
    if "" not in marks:
        return marks <= _ANNOUNCING and not (":(" in marks and difference.after.isdigit())
    word = difference.before.casefold()
    if not marks <= {"", ":", "-"} or word in ASKING or not is_word(word):
        return False
    if any(mark in difference.one + difference.other for mark in QUOTES):
        return True
    if not all(each[-1:].isspace() for each in difference[:2]):
        return False
    listed = [lexicon.word_set(each) for each in ("order", "announcing", "announced")]
    return any(word in each for each in listed) or not around.is_code


def _plain(marks: str) -> str:
    """The marks without pictures, and without the brackets of a call."""
    marks = marks.replace("()", "")
    if marks.isascii():
        return marks
    return "".join(mark for mark in marks if mark.isascii() or category(mark) not in _PICTURES)


def _marks_name(one: str, other: str) -> bool:
    """Whether one gap only marks the name beside it, which signatures compare: ".csv", "<div>"."""
    mark = one.strip()
    if not mark or other.strip():
        return False
    return one[0] == mark == ">" or (mark in {".", "<", "#"} and one[-1] == mark)
