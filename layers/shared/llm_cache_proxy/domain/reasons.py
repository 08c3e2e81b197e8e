"""The whole vocabulary of `x-cache-reason`: why an answer came from where it came from."""

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

    NOT_FOUND = "not-found"
    BELOW_THRESHOLD = "below-threshold"
    GUARD = "guard"
    CUT_OFF = "cleared"
    VERIFIER = "verifier"
    UNVERIFIED = "unverified"
    SHADOW = "shadow"
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

    EXACT_UNAVAILABLE = "exact-unavailable"
    EMBEDDER_UNAVAILABLE = "embedder-unavailable"
    SEARCH_UNAVAILABLE = "search-unavailable"
