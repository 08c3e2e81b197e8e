"""Differences in roles: who does it to whom, from where to where, which word belongs to which."""

from itertools import pairwise

from llm_cache_proxy.domain.guard.pair.order.compound import describes
from llm_cache_proxy.domain.guard.pair.order.exchange import exchanged
from llm_cache_proxy.domain.guard.pair.order.places import JOINTS, MOST_KEYS, Places
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.rules.sentence.subject import other_owner, other_subject
from llm_cache_proxy.domain.guard.rules.sentence.voice import changed_voice, has_passive
from llm_cache_proxy.domain.guard.rules.sentence.who import asked_role
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind
from llm_cache_proxy.domain.guard.words import lexicon
from llm_cache_proxy.domain.guard.words.stems import stem

"""Words from "do" on that leave no room for who does it beside the verb."""
_TOLD = frozenset({"say", "tell", "add"})
_LONGEST_NAME = 4
_REWORDED = 2
_NEAR = 3
_OWNING = ({"of", "to"}, {"of", "for"}, {"of", "with"})
"""Prepositions behind a thing that name what it is made of, leads to, or has."""
_THINGS = frozenset({"close", "date", "match", "border", "link", "associate", "partner"})
"""Words that hold both ways as "dating" and "matches", and are a thing or a deed as they stand."""
_APART = frozenset({"between", "from"})
_COMPARED = _APART | {"and", "or", "vs", "versus", "with", "than", "to", "of"}
_SENSE = {
    "to": "goal", "into": "goal", "onto": "goal", "toward": "goal", "towards": "goal",
    "from": "source", "off": "source",
    "with": "with", "without": "without", "for": "for", "against": "against",
    "before": "before", "after": "after", "during": "during",
    "over": "over", "above": "over", "under": "under", "below": "under",
}  # fmt: skip
_OPPOSED = frozenset(
    frozenset(pair)
    for pair in (
        ("goal", "source"),
        ("with", "without"),
        ("for", "against"),
        ("over", "under"),
        ("before", "after"),
        ("before", "with"),
        ("after", "with"),
        ("before", "during"),
        ("after", "during"),
        ("before", "without"),
        ("after", "without"),
    )
)


def _direction(pair: Pair) -> str | None:
    in_a, in_b = pair.places
    keys = [key for key in in_a if key in in_b]
    if len(keys) > MOST_KEYS or pair.is_converse:
        return None
    turned = asked_role(pair) or _opposed(keys, in_a, in_b) or _turned_voice(pair)
    turned = turned or other_subject(pair) or other_owner(pair)
    if turned is not None:
        return turned
    symmetric = _is_symmetric(pair)
    swapped = exchanged(pair.a, pair.b, symmetric=symmetric, retold=pair.retells)
    reworded = pair.retells and len(pair.only_a) + len(pair.only_b) > _REWORDED
    if not (swapped or symmetric or reworded or pair.much_reworded):
        swapped = _swapped(pair)
    if swapped is not None or pair.only_a or pair.only_b:
        return swapped
    told = _reattached(pair, keys, in_a, in_b)
    return told or (None if symmetric else _headed(keys, in_a, in_b))


def _headed(keys: list[str], in_a: Places, in_b: Places) -> str | None:
    """Two things each of which is the other's in one text: "a list of maps", "a map to a list"."""
    for one, other in pairwise(keys):
        roles = in_a[one].role, in_a[other].role, in_b[other].role, in_b[one].role
        near = 1 < in_a[other].at - in_a[one].at <= _NEAR >= in_b[one].at - in_b[other].at > 1
        if near and roles[0] == roles[2] == "" and {*roles[1::2]} in _OWNING:
            return f"{one} {roles[1]} {other} and {other} {roles[3]} {one}"
    return None


def _turned_voice(pair: Pair) -> str | None:
    """Whether one turns the other into the passive and keeps who stands first."""
    if not (has_passive(pair.a) or has_passive(pair.b)):
        return None
    in_a, in_b = pair.light_places
    return changed_voice(pair.a, in_a, pair.b, in_b) or changed_voice(pair.b, in_b, pair.a, in_a)


def _opposed(keys: list[str], in_a: Places, in_b: Places) -> str | None:
    """A word led to in one text and away from in the other."""
    for key in keys:
        left, right = in_a[key].role, in_b[key].role
        if left == right or (describes(key) and in_a[key].run < in_a[key].at):
            continue  # "without sugar healthy", of which the last is asked
        if frozenset({_SENSE.get(left), _SENSE.get(right)}) in _OPPOSED:
            return f"{left} {key} and {right} {key}"
    return None


def _swapped(pair: Pair) -> str | None:
    in_a, in_b = pair.light_places
    idle = _TOLD if pair.retells else frozenset[str]()  # "said Ann Lee", "Ann Lee said"
    keys = [key for key in in_a if key in in_b and key not in idle]
    changed = [key for key in keys if in_a[key].role != in_b[key].role]
    for at, one in enumerate(changed):
        for other in changed[at + 1 :]:
            if _trade_roles(one, other, in_a, in_b) and not _listed(pair, in_a, in_b, one, other):
                return f"{one} and {other} change places"
    ends = _exchanged_ends(keys, [key for key in in_b if key in in_a and key not in idle])
    if ends is None or lexicon.light_stems().issuperset(ends):
        return None
    roles = {found[end].role for found in (in_a, in_b) for end in ends}
    if len(roles) == 1 and not _listed(pair, in_a, in_b, *ends):
        return f"{ends[0]} and {ends[1]} change places"
    return None


def _trade_roles(one: str, other: str, in_a: Places, in_b: Places) -> bool:
    """Whether two words trade prepositions: "from A to B", "from B to A"."""
    roles = in_a[one].role, in_a[other].role
    if {*roles} == {"", "to"} and (in_b[one].at < in_b[other].at):  # "to learn to code"
        return False
    return roles[0] != roles[1] and roles == (in_b[other].role, in_b[one].role)


def _exchanged_ends(a: list[str], b: list[str]) -> tuple[str, str] | None:
    """The first words of X and Y when `a` reads …XmY… and `b` …YmX…, with something between."""
    if a == b:
        return None
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    for left in range(1, min(_LONGEST_NAME, len(a) - 2) + 1):
        for right in range(1, min(_LONGEST_NAME, len(a) - left - 1) + 1):
            if b == a[-right:] + a[left:-right] + a[:left]:
                return a[0], a[-right]
    return None


def _listed(pair: Pair, in_a: Places, in_b: Places, one: str, other: str) -> bool:
    """Whether the two words are members of one list in both texts, or one describes the other."""
    return (
        (_joined(pair.a, in_a, one, other) and _joined(pair.b, in_b, one, other))
        or _relative(pair.a, in_a, one, other)
        or _relative(pair.b, in_b, one, other)
    )


def _joined(analysis: Analysis, found: Places, one: str, other: str) -> bool:
    """Whether the two words are members of one list: "A and B", "A, B or C", "A vs B"."""
    start, end = sorted((found[one].at, found[other].at))
    between = analysis.tokens[start + 1 : end]
    if any(token.word in JOINTS for token in between):
        return all(
            token.word in JOINTS
            or token.word in {"a", "an", "the"}
            or token.kind is Kind.MARK
            or token.stem in analysis.content
            for token in between
        )
    return False


def _relative(analysis: Analysis, found: Places, one: str, other: str) -> bool:
    """Whether one word describes the other after it: "a street which is crowded"."""
    start, end = sorted((found[one].at, found[other].at))
    between = [token.word for token in analysis.tokens[start + 1 : end]]
    return any(word in {"which", "that", "who"} for word in between) and any(
        word in {"is", "are", "was", "were"} for word in between
    )


def _is_symmetric(pair: Pair) -> bool:
    found = lexicon.symmetric_keys() & pair.a.stems & pair.b.stems
    if not found:
        return False
    things = frozenset({"close"}) if pair.both_tell else _THINGS
    if "distanc" in found and _APART.isdisjoint(pair.a.words):
        found -= {"distanc"}  # "distance divided by time"
    if "differenc" in found and _COMPARED.isdisjoint(pair.a.words):
        found -= {"differenc"}  # "the difference in pay when …"
    if found - things or ("close" in found and "close" in pair.a.words):
        return True
    return any(word not in things and stem(word) in found - {"close"} for word in pair.a.words)


def _reattached(pair: Pair, keys: list[str], in_a: Places, in_b: Places) -> str | None:
    """A word that stands before one shared word in `a` and before another in `b`."""
    at_a = {place.at: key for key, place in in_a.items()}
    at_b = {place.at: key for key, place in in_b.items()}
    for key in keys:
        head_a, head_b = at_a.get(in_a[key].at + 1), at_b.get(in_b[key].at + 1)
        if head_a is None or head_b is None or head_a == head_b:
            continue
        if not (head_b in in_a and head_a in in_b) or _listed(pair, in_a, in_b, head_a, head_b):
            continue
        if _apart(in_a, key, head_b) and _apart(in_b, key, head_a):
            return f"{key} {head_a} and {key} {head_b}"
    return None


def _apart(found: Places, one: str, other: str) -> bool:
    """Whether two words belong to different runs of content words."""
    return found[one].run != found[other].run


DIRECTION = Rule(
    name="direction",
    looks_at="who does it to whom, from where to where, and which word describes which",
    vetoes=(
        ("List flights from Boston to Denver", "List flights from Denver to Boston"),
        ("Convert JSON to YAML", "Convert YAML to JSON"),
        ("Did Einstein influence Bohr?", "Did Bohr influence Einstein?"),
        ("Who did Brutus kill?", "Who killed Brutus?"),
        ("Did Laura seize the boat?", "Was Laura seized by the boat?"),
        ("What do cats eat?", "What eats cats?"),
        ("What is Peru south of?", "What is south of Peru?"),
        ("Ann hit Bo. Bo hit Cy. Who hit Cy?", "Bo hit Ann. Ann hit Cy. Who hit Cy?"),
        ("Is tap water safe?", "Is a water tap safe?"),
        ("What is an array of pointers?", "What is a pointer to an array?"),
        ("What are the odds of rain given fog?", "What are the odds of fog given that it rains?"),
        ("Can I eat with a cold?", "Can I eat after a cold?"),
        ("A man in a hat smokes a straw cigarette", "A man in a straw hat smokes a cigarette"),
    ),
    passes=(
        ("Did Einstein influence Bohr?", "Was Bohr influenced by Einstein?"),
        ("Is Ann married to Bob?", "Is Bob married to Ann?"),
        ("Is Mars larger than Io?", "Is Io smaller than Mars?"),
        ("Is red wine better than white wine?", "Is white wine worse than red wine?"),
        ("Compare apples and pears", "Compare pears and apples"),
        ("How do I use Redis with Django?", "How do I use Django with Redis?"),
        ("How do I sort a list in Python?", "In Python, how do I sort a list?"),
    ),
    check=_direction,
)
