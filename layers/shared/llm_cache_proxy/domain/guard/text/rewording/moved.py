"""What may stand elsewhere in a question, or go without saying, in another language."""

from llm_cache_proxy.domain.guard.text.rewording.ways import LONGEST_BLOCK, Words, bare_of, ways_of


def alike_articled(left: Words, right: Words, language: str) -> tuple[Words, Words]:
    """The two without an article that only one has behind the opening of a question.

    Two articles stay, since they may tell two nouns apart: "Was ist der See", "Was ist die See".
    """
    if len(left) > len(right):
        return alike_articled(right, left, language)[::-1]
    ways = ways_of(language)
    size = next((size for size, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), 0)
    if (
        len(left) + 1 == len(right)
        and right[size] in ways.named["article"]
        and right[:size] in ways.openings.values()
    ):
        return left, right[:size] + right[size + 1 :]
    return left, right


def is_moved(left: Words, right: Words, language: str) -> bool:
    """Whether one says where behind what the other says it before: "in Python".

    In a question how, where what is done is one thing; elsewhere the place may belong to another.
    """
    named = ways_of(language).named
    places, asks = named["place"], named["asks"]
    if _is_turned(left, right, named["copula"]):
        return True
    if asks.isdisjoint((bare_of(left[0], language), bare_of(right[0], language))):
        return False
    for at, word in enumerate(left):
        if word not in places:
            continue
        for end in range(at + 2, min(at + LONGEST_BLOCK, len(left)) + 1):
            rest, block = left[:at] + left[end:], left[at:end]
            if any(
                right[to : to + len(block)] == block
                and right[:to] + right[to + len(block) :] == rest
                for to in range(len(right))
            ):
                return True
    return False


def _is_turned(left: Words, right: Words, copulas: frozenset[str]) -> bool:
    """Whether a question has its subject behind its verb: "¿Por qué es azul el cielo?"."""
    start = next((at for at, (a, b) in enumerate(zip(left, right, strict=True)) if a != b), 0)
    left, right = left[start:], right[start:]
    if not start or copulas.isdisjoint((left[0], right[0])):
        return False
    return any(right == left[cut:] + left[:cut] for cut in range(1, len(left)))
