"""The names of our keys on a Redis: all but the registry have their tenant as hash tag.

A tenant's name may be any text: it is escaped, so that no tenant can reach another's keys.
"""

from functools import lru_cache
from urllib.parse import quote, unquote

from llm_cache_proxy.adapters.exact_store.counter_windows import FINE_SECONDS

PREFIX = "lcp1"
TENANTS = f"{PREFIX}:tenants"
CHECKED = f"{PREFIX}:check"
"""The key that health checks write and delete again."""


def escaped(name: str) -> str:
    """`name` with letters, digits and `_.-~` alone, everything else as %XX."""
    if name.isascii() and name.isalnum():  # as digests are, which most names are made of
        return name
    return "%3A".join(map(_quoted, name.split(":")))


def _quoted(part: str) -> str:
    plain = part.isascii() and part.isalnum()
    return part if plain else quote(part, safe="", errors="surrogatepass")


class TenantNames:
    """One tenant's keys."""

    def __init__(self, tenant: str) -> None:
        self._root = f"{PREFIX}:{{{escaped(tenant)}}}"
        self.cutoffs = f"{self._root}:cut"
        self.sequence = f"{self._root}:seq"
        self.windows = f"{self._root}:w"
        self.counter_prefix = f"{self._root}:c:"
        self.records = f"{self._root}:x:*"
        self.recent = f"{self._root}:recent"
        self.client_keys = f"{self._root}:keys"
        self.usage = f"{self._root}:usage"
        self.barred = f"{self._root}:bar"
        self.standing = f"{self._root}:std"
        self.fence = f"{self._root}:fence"
        self.slots = f"{self._root}:slots"

    def record(self, key: str) -> str:
        """The record under an exact key."""
        return f"{self._root}:x:{escaped(key)}"

    def key_of(self, record: str) -> str:
        """The exact key in a record's name."""
        return unquote(record.removeprefix(self.record("")))

    def verdict(self, pair: str) -> str:
        """The verdict on a pair."""
        return f"{self._root}:v:{escaped(pair)}"

    def lease(self, flight: str) -> str:
        """The lease of a flight."""
        return f"{self._root}:l:{escaped(flight)}"

    def published(self, flight: str, token: int) -> str:
        """The answer that the leader with this token published for its followers."""
        return f"{self._root}:m:{escaped(flight)}:{token}"

    def window(self, now: float) -> str:
        """The id of the fine counter window at `now`."""
        return f"{FINE_SECONDS}:{int(now) // FINE_SECONDS * FINE_SECONDS}"

    def shared(self, window: str) -> list[str]:
        """The further KEYS of every script on a record, in their order."""
        counter = f"{self.counter_prefix}{window}"
        return [self.cutoffs, self.sequence, counter, self.windows, self.usage]


@lru_cache(maxsize=1_000)
def names_of(tenant: str) -> TenantNames:
    """One tenant's keys, made once for all of its requests."""
    return TenantNames(tenant)
