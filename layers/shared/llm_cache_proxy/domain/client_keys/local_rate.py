"""How often a tenant is served while nothing but its key's signature can be checked."""

_MINUTE_SECONDS = 60.0
_MOST_TENANTS = 10_000


class LocalRate:
    """At most `per_minute` requests of a tenant in a minute, in this process alone.

    Forgets the tenants it has known the longest rather than grow without bound.
    """

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._windows: dict[str, tuple[float, int]] = {}

    def wait_seconds(self, tenant: str, now: float) -> float:
        """0 where the request may be served, which counts it; else how long to wait.

        `now` is any clock's seconds that never go back.
        """
        begun, served = self._windows.get(tenant, (now, 0))
        if now - begun >= _MINUTE_SECONDS:
            begun, served = now, 0
        if served >= self._per_minute:
            return begun + _MINUTE_SECONDS - now
        self._windows.pop(tenant, None)
        while len(self._windows) >= _MOST_TENANTS:
            self._windows.pop(next(iter(self._windows)))
        self._windows[tenant] = (begun, served + 1)
        return 0.0
