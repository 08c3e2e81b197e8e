"""Whether the semantic tier would serve one text's answer for another, given their similarity.

Decides as the request's path does: the threshold, then the embedder's window, then what may be
eligible for the semantic tier, then the guard. Never calls a verifier, which needs an upstream.
"""

from dataclasses import dataclass

from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.requests.eligibility import ineligible_text
from llm_cache_proxy.domain.requests.keys import normalised
from llm_cache_proxy.domain.requests.reasons import Reason


@dataclass(frozen=True, slots=True)
class Decision:
    """The rules in force: cosine alone decides where `guard` is None."""

    threshold: float
    guard: Guard | None

    def refusal(self, a: str, b: str, *, whole: bool = True) -> str | None:
        """Why `a` and `b`, near enough, do not share an answer: a guard's rule or a reason.

        `whole` says whether the embedder read both texts to their end.
        """
        if self.guard is None:
            return None
        if normalised(a) != normalised(b):  # else the exact tier serves them, guarded
            if not whole:
                return str(Reason.TOO_LONG)
            reason = ineligible_text(a) or ineligible_text(b)
            if reason is not None:
                return str(reason)
        return self.guard.compare(a, b).rule
