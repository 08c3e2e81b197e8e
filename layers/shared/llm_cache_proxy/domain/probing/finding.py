"""What a probe found out about a cache."""

from dataclasses import dataclass
from enum import StrEnum


class Risk(StrEnum):
    """How a probe ended. `wasteful` costs hits, `unsafe` costs trust."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    WASTEFUL = "wasteful"
    UNCLEAR = "unclear"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Finding:
    """One probe's outcome, and what was seen that says so."""

    risk: Risk
    detail: str
