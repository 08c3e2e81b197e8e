"""Differences in what is asked for: the type of question, the form of the answer."""

from functools import lru_cache

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.material import task_of
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

_WANTING = frozenset({"i", "need", "want", "would", "like", "show", "me", "please"})
_ABLE = frozenset({"can", "could"})
_BE = (("is",), ("are",))
_NEVER_WHAT = frozenset({"why", "define", "howmany", "howlong", "howoften", "howold", "howfar"})
_REQUESTS = frozenset({"can", "could", "would", "will"})
_ADDRESSING = frozenset({"for", "to", "like"})
_CASTING = frozenset({"as", "in", "into"})
_GIVEN = frozenset({"the", "this", "these", "following"})
_HANDED = frozenset({"this", "these", "following"})
_PIECES = frozenset({"sentence", "sentences", "paragraph", "paragraphs"})
_FORM_PREFIXES = ("f_", "l_", "s_", "a_")


def _question(pair: Pair) -> str | None:
    left, right = pair.a.questions, pair.b.questions
    if not left or not right or not left.isdisjoint(right):
        return None
    if _both_able(pair, left, right) or _both_causes(pair, left, right):
        return None
    weighing = lexicon.word_set("weighing")
    if not weighing.isdisjoint(pair.a.words) and not weighing.isdisjoint(pair.b.words):
        return None
    if _names_measure(pair.a, right) or _names_measure(pair.b, left):
        return None
    if any(not _may_be(one, other) for one in left for other in right):
        return f"{'/'.join(sorted(left))} and {'/'.join(sorted(right))}"
    return None


def _both_able(pair: Pair, left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether they ask "can I" and "how can I": the answer to one tells the other."""
    if {left, right} != {frozenset({"yesno"}), frozenset({"how"})}:
        return False
    return not _ABLE.isdisjoint(pair.a.words[:2]) and not _ABLE.isdisjoint(pair.b.words[:2])


def _names_measure(analysis: Analysis, asked: frozenset[str]) -> bool:
    """Whether a "what" names what the other measures: "the population", "how many people"."""
    if "what" not in analysis.questions or len(asked) != 1:
        return False
    nouns = lexicon.named("sets").get(f"noun_{min(asked)}", ())
    return not frozenset(nouns).isdisjoint(analysis.words)


def _both_causes(pair: Pair, left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether one asks why a thing is so and the other how it is so: "How is Go better?"."""
    if {left, right} != {frozenset({"why"}), frozenset({"how"})}:
        return False
    how = pair.a.words if "how" in left else pair.b.words
    return how[1:2] in _BE and not lexicon.word_set("compared").isdisjoint(how)


def _may_be(one: str, other: str) -> bool:
    """Whether "what" asks as much as the other type may: "what should I do", "how do I"."""
    types = {one, other}
    if "exists" in types:
        return bool(types & {"yesno", "what", "how", "where"})
    if "degree" in types:
        return bool(types & {"yesno", "what", "how"})
    return types == {"what", "define"} or ("what" in types and not types & _NEVER_WHAT)


def _form(pair: Pair) -> str | None:
    left, right = _forms(pair.a), _forms(pair.b)
    if not (left or right):
        return None
    left, right = left - pair.b.classes.keys(), right - pair.a.classes.keys()
    if left | right == {"f_summary"} and pair.a.questions | pair.b.questions:
        return None  # "What is the plot?" asks for a summary as well
    if left or right:
        titles = sorted(left | right)
        return "asked for: " + ", ".join(title.partition("_")[2] for title in titles)
    return None


@once_a_text
def _forms(analysis: Analysis) -> set[str]:
    """What form is asked for; outside a command only "as a table", "in JSON" and the like."""
    found: set[str] = set()
    for at, word in enumerate(analysis.words):
        titles = _forms_named(word)
        if not titles:
            continue
        command = _is_command(analysis.words)
        before = analysis.words[max(at - 3, 0) : at]
        if _is_given(word, before):
            continue  # "Translate the sentence …" asks for no sentence
        for title in titles:
            if title.startswith("a_"):
                fits = command and not _ADDRESSING.isdisjoint(before)
            elif title.startswith("f_"):
                fits = command or not _CASTING.isdisjoint(before[-2:])
            else:
                fits = command
            if fits:
                found.add(title)
    return found


def _is_given(word: str, before: tuple[str, ...]) -> bool:
    """Whether the word names a text that is handed over, and none that is asked for."""
    if word in _PIECES:
        return not _GIVEN.isdisjoint(before[-1:])
    return not _HANDED.isdisjoint(before[-1:])


@lru_cache(maxsize=16384)
def _forms_named(word: str) -> tuple[str, ...]:
    """The forms that a word names; none for most."""
    members = lexicon.classes_of()
    titles = members.get(word) or members.get(stem(word), ())
    return tuple(title for title in titles if title.startswith(_FORM_PREFIXES))


def _is_command(words: tuple[str, ...]) -> bool:
    """Whether the text asks to have something written: "Write …", "Could you write …"."""
    if words[:1] and words[0] in lexicon.word_set("question_word"):
        return False
    if words[1:2] == ("you",) and words[0] in _REQUESTS:
        words = words[2:]
    return not lexicon.word_set("command").isdisjoint(words[:5])


def _task(pair: Pair) -> str | None:
    left, right = _asked(pair.a.words), _asked(pair.b.words)
    if _converts_code(pair, left, right) or left | right == {"do_convert", "do_rewrite"}:
        return None
    if left and right and left.isdisjoint(right):
        return f"{min(left)} and {min(right)}"
    return None


def _asked(words: tuple[str, ...]) -> frozenset[str]:
    """What a command asks to be done; to want or to be shown a thing is to have it written."""
    at = 0
    while at < len(words) and words[at] in _WANTING:
        at += 1
    wanted = at and words[at : at + 1] in (("a",), ("an",))
    return task_of(("give", *words[at:])) if wanted else task_of(words)


def _converts_code(pair: Pair, left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether code is translated in one and converted in the other, between languages of code."""
    if not {"do_convert", "do_translate"} <= left | right:
        return False
    return frozenset(lexicon.named("languages")["human"]).isdisjoint(pair.a.words)


QUESTION = Rule(
    name="question",
    looks_at="the type of question: why, how, when, where, who, how many, yes or no",
    vetoes=(
        ("Why do cats purr?", "How do cats purr?"),
        ("When was Rome founded?", "Where was Rome founded?"),
        ("How many moons has Mars?", "How big are the moons of Mars?"),
        ("Is Rust good?", "Why is Rust good?"),
    ),
    passes=(
        ("Why is the sky blue?", "What is the reason the sky is blue?"),
        ("How do I learn Go?", "What is the best way to learn Go?"),
        ("What is Rust?", "Tell me what Rust is"),
    ),
    check=_question,
)
FORM = Rule(
    name="form",
    looks_at="the format, length, tone and audience asked for",
    vetoes=(
        ("List the planets as JSON", "List the planets as a table"),
        ("Write a short bio", "Write a long bio"),
        ("Write a formal note to Bob", "Write a funny note to Bob"),
        ("Explain gravity to a child", "Explain gravity to an expert"),
    ),
    passes=(("Write a brief bio", "Write a short bio"),),
    check=_form,
)
TASK = Rule(
    name="task",
    looks_at="what a command asks to be done: fix, explain, write, translate, summarize, …",
    vetoes=(
        ("Fix this code: print(x", "Explain this code: print(x"),
        ("Translate this letter", "Summarize this letter"),
    ),
    passes=(("Fix this code: print(x", "Please correct this code: print(x"),),
    check=_task,
)
