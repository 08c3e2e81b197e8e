"""What a rule of the guard is: one difference in meaning that one function can see.

A rule never accepts; it vetoes or stays silent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from llm_cache_proxy.domain.guard.pair import Pair

Check = Callable[[Pair], str | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named difference: what it looks at, pairs it vetoes, near pairs it lets pass.

    `check` returns a short explanation when the two analysed texts differ, else None.
    """

    name: str
    looks_at: str
    vetoes: tuple[tuple[str, str], ...]
    passes: tuple[tuple[str, str], ...]
    check: Check
