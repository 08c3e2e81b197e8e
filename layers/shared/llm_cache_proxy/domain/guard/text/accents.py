"""Words that differ in their accents alone: typed without them, or another word by them."""

from llm_cache_proxy.domain.guard.text.cleaning import without_accents
from llm_cache_proxy.domain.guard.words import lexicon

Words = tuple[str, ...]

UNDETERMINED = "und"
"""A text without a single word that any list has: "Activar datos móviles"."""
KNOWN = ("de", "fr", "es", "pt", "it", "nl", "hi")
"""Languages with a list of their own, `words/<language>.txt`."""
_BARELY_TYPED = frozenset({"pl", "cs", "sk", "hu", "ro", "hr"})
"""Languages without a list of their own whose accents are often left out."""
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_BARE = str.maketrans("أإآάέήίόύώϊΐϋΰё", "اااαεηιουωιιυυе")
"""Letters as they are typed in haste: an alef without its hamza, Greek without accents."""
_SHORT = 3
_LONG = 6
_PARTICIPLES = ("to", "ta", "ti", "te", "so", "sa", "bile", "bili")


def are_accented_alike(left: Words, right: Words, language: str, left_out: int) -> bool:
    """Whether as many words differ in accents that may be left out in `language`, if in anything.

    `left_out` is how many words have accents in one text where the other has none at all.
    """
    differing = [(one, other) for one, other in zip(left, right, strict=True) if one != other]
    if not all(_is_respelt(one, other, language) for one, other in differing):
        return False
    if language in _BARELY_TYPED:
        return left_out > 1 or (left_out == 1 and len(differing[0][0]) >= _LONG)
    if language == "it" and _is_copula(left, right):
        return True
    another = [one for one, other in differing if _another_by_accent(one, other)]
    if left_out > 1:
        return True  # typed without any accents
    plain = any(all(word.isascii() for word in side) for side in zip(*differing, strict=True))
    return plain and not another


def _is_copula(left: Words, right: Words) -> bool:
    """Whether an "e" can only be the verb "è", before what something is: "il bar e aperto"."""
    return all(
        {one, other} == {"e", "è"}
        and left[at + 1 : at + 2] != ()
        and left[at + 1].endswith(_PARTICIPLES)
        and not left[at - 1].endswith(_PARTICIPLES)
        for at, (one, other) in enumerate(zip(left, right, strict=True))
        if one != other
    )


def are_typed_bare(left: Words, right: Words) -> bool:
    """Whether one of two texts is the other without the accents of Greek, or the hamza on an alef.

    A single short word may be another one by them, as Greek "or" and "the" are.
    """
    if len(left) != len(right) or "".join(left).isascii():
        return False
    differing = [(one, other) for one, other in zip(left, right, strict=True) if one != other]
    if not all(_is_bare(*words) or _is_bare(*words[::-1]) for words in differing):
        return False
    return len(differing) > 1 or all(len(one) > _SHORT for one, _ in differing)


def _is_bare(one: str, other: str) -> bool:
    return one.translate(_BARE) == other


def _is_respelt(one: str, other: str, language: str) -> bool:
    """Whether the words are one but for accents that may be left out in `language`."""
    if language in _BARELY_TYPED:
        return (one.isascii() or other.isascii()) and without_accents(one) == without_accents(other)
    if language not in {*KNOWN, UNDETERMINED}:
        return False
    if language == "de":
        one, other = one.translate(_SPELT), other.translate(_SPELT)
    return without_accents(one) == without_accents(other)


def _another_by_accent(one: str, other: str) -> bool:
    """Whether an accent alone may make another word: "el" and "él", "paso" and "pasó"."""
    if one.endswith("s") and other.endswith("s"):  # "marchés"
        one, other = one[:-1], other[:-1]
    bare = without_accents(one)
    lists = [lexicon.named(language) for language in KNOWN]
    if any(not {bare, bare + "s"}.isdisjoint(each.get("accent", ())) for each in lists):
        return True
    return one[-1:] != other[-1:] and any(bare[-1] in each.get("ending", ()) for each in lists)
