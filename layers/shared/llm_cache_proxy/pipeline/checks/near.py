"""A near entry as learned thresholds see it."""

from typing import NamedTuple

from llm_cache_proxy.domain.promise import Cell
from llm_cache_proxy.ports.vector_store import Candidate


class Near(NamedTuple):
    """A candidate, and what kind of candidate it is."""

    candidate: Candidate
    group: int
    cell: Cell
