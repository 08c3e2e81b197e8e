"""The whole vocabulary of `x-cache-reason`: why an answer came from where it came from."""

from collections.abc import Mapping
from enum import StrEnum


class Result(StrEnum):
    """`x-cache`: where the answer came from, or that there was none.

    ERROR: the request failed here or at the upstream; REFUSED: it is the client's to change.
    """

    HIT_EXACT = "HIT-EXACT"
    HIT_SEMANTIC = "HIT-SEMANTIC"
    MISS = "MISS"
    BYPASS = "BYPASS"
    STALE = "STALE"
    COALESCED = "COALESCED"
    ERROR = "ERROR"
    REFUSED = "REFUSED"


class Reason(StrEnum):
    """`x-cache-reason`. What a reason names follows after a colon.

    `guard:numbers` names the guard's rule, `refused:invalid_api_key` the error's code.
    """

    IDENTICAL = "identical"
    NORMALISED = "normalised"
    PROMOTED = "promoted"
    SIMILAR = "similar"
    VERIFIED = "verified"
    LEARNED = "learned"
    TRUSTED = "trusted"

    COALESCED = "coalesced"

    STALE_IF_ERROR = "stale-if-error"
    STALE_WHILE_REVALIDATE = "stale-while-revalidate"

    NOT_FOUND = "not-found"
    PARTLY_CACHED = "partly-cached"
    FORM_UNPROVED = "form-unproved"
    BELOW_THRESHOLD = "below-threshold"
    GUARD = "guard"
    CUT_OFF = "cleared"
    VERIFIER = "verifier"
    UNVERIFIED = "unverified"
    UNPROVEN = "unproven"
    EXPLORED = "explored"
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
    INTERNAL_ERROR = "internal-error"
    CLIENT_LEFT = "client-left"

    SINGLE_FLIGHT_TIMEOUT = "single-flight-timeout"
    EXACT_UNAVAILABLE = "exact-unavailable"
    EMBEDDER_UNAVAILABLE = "embedder-unavailable"
    SEARCH_UNAVAILABLE = "search-unavailable"


NOTHING_READ = frozenset({Reason.WRITE_ONLY, Reason.REFRESH, Reason.NO_CACHE})
"""The reasons of a miss that was never looked up: no hit was wanted."""

MEANINGS: Mapping[Reason, str] = {
    Reason.IDENTICAL: "The same request was answered before.",
    Reason.NORMALISED: "The same, in other case or spacing, and the guard sees no difference.",
    Reason.PROMOTED: "An earlier semantic match for this text is still valid.",
    Reason.SIMILAR: "A similar prompt was answered before, and the guard sees no difference.",
    Reason.VERIFIED: "A similar prompt was answered before, and the verifier approved the pair.",
    Reason.LEARNED: "A similar prompt was answered before, and such hits keep MAX_WRONG_SHARE.",
    Reason.TRUSTED: "A similar prompt was answered before; no labels speak against it so far.",
    Reason.COALESCED: "An identical request was in flight, and this is its answer.",
    Reason.STALE_IF_ERROR: "The upstream failed, and an expired answer is served instead.",
    Reason.STALE_WHILE_REVALIDATE: "The answer has expired, and another request is refreshing it.",
    Reason.NOT_FOUND: "No stored prompt is similar.",
    Reason.PARTLY_CACHED: "Some of the batch's inputs were stored; the others were asked for.",
    Reason.FORM_UNPROVED: "The stored answer came in the other form, and does not prove this.",
    Reason.BELOW_THRESHOLD: "The nearest prompt's similarity is below the threshold.",
    Reason.GUARD: "A similar prompt differs in meaning; the guard's rule follows the colon.",
    Reason.CUT_OFF: "A similar prompt's entry was cleared, deleted, or is older than `max-age`.",
    Reason.VERIFIER: "The verifier rejected the similar pair.",
    Reason.UNVERIFIED: "The verifier has not judged the similar pair yet, or did not answer.",
    Reason.UNPROVEN: "Labels do not show yet that such a hit would keep MAX_WRONG_SHARE.",
    Reason.EXPLORED: "A semantic hit was not served, so that its answer can be checked.",
    Reason.SHADOW: "A semantic hit was sampled: the upstream answers instead, for comparison.",
    Reason.RENEWED: "The answer has expired or is about to, and this request refreshes it.",
    Reason.FEEDBACK: "Feedback barred the similar pair.",
    Reason.THRESHOLD_RAISED: "Samples raised the threshold above the pair's similarity.",
    Reason.EXACT_MODE: "`x-cache-mode: exact`: the semantic tier is not used.",
    Reason.EXACT_ROUTE: "This endpoint does not use the semantic tier.",
    Reason.WRITE_ONLY: "`x-cache-mode: write-only`: nothing is read.",
    Reason.REFRESH: "`x-cache-mode: refresh`: nothing is read, the entry is replaced.",
    Reason.NO_CACHE: "`Cache-Control: no-cache`: nothing is read.",
    Reason.SEMANTIC_OFF: "The semantic tier is off, or not completely configured.",
    Reason.NOT_USER_TEXT: "The last message is not a user's, or has no text.",
    Reason.NOT_TEXT_ONLY: "The last message contains more than text.",
    Reason.TOOLS: "The request offers tools.",
    Reason.TEMPERATURE: "The temperature is above SEMANTIC_MAX_TEMPERATURE.",
    Reason.TIME_SENSITIVE: "The right answer depends on the time of the request.",
    Reason.PERSONAL: "The right answer depends on the person.",
    Reason.TOO_LONG: "The prompt is longer than the embedding model's window.",
    Reason.BYPASS_ASKED: "The client chose to bypass the cache.",
    Reason.UPSTREAM_STATE: "The request depends on state that the upstream keeps, or on its tools.",
    Reason.UNCACHED_ROUTE: "This path is never cached.",
    Reason.REFUSED: "The request was refused; the error's code follows the colon.",
    Reason.UPSTREAM_ERROR: "The upstream gave no answer, or an error.",
    Reason.INTERNAL_ERROR: "The proxy or a store of its own failed.",
    Reason.CLIENT_LEFT: "The client left before an answer was there.",
    Reason.SINGLE_FLIGHT_TIMEOUT: "An identical request was in flight, and no answer came in time.",
    Reason.EXACT_UNAVAILABLE: "The exact tier's store did not answer.",
    Reason.EMBEDDER_UNAVAILABLE: "The embedder did not answer.",
    Reason.SEARCH_UNAVAILABLE: "The semantic tier's store did not answer.",
}
"""Each reason in a sentence, as docs/reasons.md tabulates it."""
