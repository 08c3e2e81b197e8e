"""How much of two texts differs, in numbers: what parts right from wrong candidates at one cosine.

Never decides; what these numbers are worth is learned from labelled pairs.
"""

from math import sqrt
from typing import NamedTuple

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.tokens import Kind, Token

_NAME = 1.5
"""How much more a name weighs than another word of its length."""


class Traits(NamedTuple):
    """What two texts have apart, both sides together.

    `other_stems` counts content words whose stem the other text lacks, `left_over` weighs those
    that have no counterpart of any kind; `function_words` counts the stems without content that
    one side alone has. `changed` words lie between the common beginning and the common end;
    `other_end` is 1 where the last words differ, `same_stems` where all stems are shared.
    `content` is how many words with content the shorter text has.
    """

    other_stems: float = 0.0
    left_over: float = 0.0
    function_words: float = 0.0
    changed: float = 0.0
    other_end: float = 0.0
    same_stems: float = 1.0
    content: float = 0.0


NO_TRAITS = Traits()
"""Of a text and itself, and of texts too long to be compared."""


def traits(pair: Pair) -> Traits:
    """What the texts of `pair` have apart."""
    a, b = pair.a, pair.b
    left, right = _stems(a), _stems(b)
    one, other = frozenset(left), frozenset(right)
    gap = pair.gap
    return Traits(
        other_stems=sum(stem not in b.stems for stem in a.content)
        + sum(stem not in a.stems for stem in b.content),
        left_over=sum(map(_weight, (*pair.only_a, *pair.only_b))),
        function_words=len((one - a.content.keys()) ^ (other - b.content.keys())),
        changed=len(gap.a) + len(gap.b),
        other_end=float(left[-1:] != right[-1:]),
        same_stems=float(one == other),
        content=min(len(a.content), len(b.content)),
    )


def _stems(analysis: Analysis) -> list[str]:
    return [token.stem for token in analysis.tokens if token.kind is not Kind.MARK]


def _weight(token: Token) -> float:
    named = token.capital and not token.opens
    return sqrt(len(token.word)) * (_NAME if named else 1.0)
