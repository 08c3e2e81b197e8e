"""The whole vocabulary of `x-cache-reason`: why an answer came from where it came from."""

from collections.abc import Mapping
from enum import StrEnum


class Result(StrEnum):
    """`x-cache`: where the answer came from."""

    HIT_EXACT = "HIT-EXACT"
    HIT_SEMANTIC = "HIT-SEMANTIC"
    MISS = "MISS"
    BYPASS = "BYPASS"
    STALE = "STALE"
    COALESCED = "COALESCED"


class Reason(StrEnum):
    """`x-cache-reason`. A veto names the guard's rule after a colon: `guard:numbers`."""

    IDENTICAL = "identical"
    NORMALISED = "normalised"
    PROMOTED = "promoted"
    SIMILAR = "similar"
    VERIFIED = "verified"

    COALESCED = "coalesced"

    STALE_IF_ERROR = "stale-if-error"
    STALE_WHILE_REVALIDATE = "stale-while-revalidate"

    NOT_FOUND = "not-found"
    BELOW_THRESHOLD = "below-threshold"
    GUARD = "guard"
    CUT_OFF = "cleared"
    VERIFIER = "verifier"
    UNVERIFIED = "unverified"
    SHADOW = "shadow"
    RENEWED = "renewed"
    FEEDBACK = "feedback"
    THRESHOLD_RAISED = "threshold-raised"

    EXACT_MODE = "exact-mode"
    EXACT_ROUTE = "exact-route"
    WRITE_ONLY = "write-only"
    REFRESH = "refresh"
    NO_CACHE = "no-cache"
    SEMANTIC_OFF = "semantic-off"
    NOT_USER_TEXT = "not-user-text"
    NOT_TEXT_ONLY = "not-text-only"
    TOOLS = "tools"
    TEMPERATURE = "temperature"
    TIME_SENSITIVE = "time-sensitive"
    PERSONAL = "personal"
    TOO_LONG = "too-long"

    BYPASS_ASKED = "bypass-asked"
    UPSTREAM_STATE = "upstream-state"
    UNCACHED_ROUTE = "uncached-route"
    REFUSED = "refused"
    UPSTREAM_ERROR = "upstream-error"

    SINGLE_FLIGHT_TIMEOUT = "single-flight-timeout"
    EXACT_UNAVAILABLE = "exact-unavailable"
    EMBEDDER_UNAVAILABLE = "embedder-unavailable"
    SEARCH_UNAVAILABLE = "search-unavailable"


MEANINGS: Mapping[Reason, str] = {
    Reason.IDENTICAL: "The same request was answered before.",
    Reason.NORMALISED: "It was, in other case or spacing, and the guard sees no difference.",
    Reason.PROMOTED: "This text was matched by meaning before, and that match still stands.",
    Reason.SIMILAR: "A prompt near enough was answered, and the guard sees no difference.",
    Reason.VERIFIED: "A prompt near enough was answered, and the verifier has approved the pair.",
    Reason.COALESCED: "Another request that is alike was in flight, and this is its answer.",
    Reason.STALE_IF_ERROR: "The upstream gave no answer, and one whose life is over stands in.",
    Reason.STALE_WHILE_REVALIDATE: "The answer's life is over, and one caller is renewing it.",
    Reason.NOT_FOUND: "Nothing stored is near.",
    Reason.BELOW_THRESHOLD: "The nearest prompt is less similar than the threshold asks.",
    Reason.GUARD: "A near prompt differs in meaning; the guard's rule follows the colon.",
    Reason.CUT_OFF: "A near prompt's entry was cleared or has gone.",
    Reason.VERIFIER: "The verifier has refused the near pair.",
    Reason.UNVERIFIED: "The verifier has yet to judge the near pair, or did not answer.",
    Reason.SHADOW: "A hit was sampled: the upstream was asked in its place, to compare.",
    Reason.RENEWED: "The answer's life is over or nearly so, and this caller was to renew it.",
    Reason.FEEDBACK: "Feedback has barred the near pair.",
    Reason.THRESHOLD_RAISED: "Samples have raised the threshold above the near pair's similarity.",
    Reason.EXACT_MODE: "`x-cache-mode: exact`: meaning is not compared.",
    Reason.EXACT_ROUTE: "Requests to this endpoint are not compared by meaning.",
    Reason.WRITE_ONLY: "`x-cache-mode: write-only`: nothing is read.",
    Reason.REFRESH: "`x-cache-mode: refresh`: nothing is read, the entry is replaced.",
    Reason.NO_CACHE: "`Cache-Control: no-cache`: nothing is read.",
    Reason.SEMANTIC_OFF: "Comparing by meaning is switched off, or a part for it is missing.",
    Reason.NOT_USER_TEXT: "The last message is not a user's, or says nothing.",
    Reason.NOT_TEXT_ONLY: "The last message holds more than text.",
    Reason.TOOLS: "The request offers tools.",
    Reason.TEMPERATURE: "The temperature is above SEMANTIC_MAX_TEMPERATURE.",
    Reason.TIME_SENSITIVE: "The right answer depends on when it is asked.",
    Reason.PERSONAL: "The right answer depends on who asks.",
    Reason.TOO_LONG: "The prompt is longer than the embedding model's window.",
    Reason.BYPASS_ASKED: "The client asked to go past the cache.",
    Reason.UPSTREAM_STATE: "The request leans on what the upstream keeps, or has it act.",
    Reason.UNCACHED_ROUTE: "This path is never cached.",
    Reason.REFUSED: "The request was refused, or the proxy failed.",
    Reason.UPSTREAM_ERROR: "The upstream gave no answer.",
    Reason.SINGLE_FLIGHT_TIMEOUT: "An identical request was in flight, and no answer came in time.",
    Reason.EXACT_UNAVAILABLE: "The exact tier's store did not answer.",
    Reason.EMBEDDER_UNAVAILABLE: "The embedder did not answer.",
    Reason.SEARCH_UNAVAILABLE: "The semantic tier's store did not answer.",
}
"""Each reason in a sentence, as docs/reasons.md tabulates it."""
