"""The machine's own time."""

import time


class SystemClock:
    """The `Clock` of every real root: Unix seconds, and seconds that never go back."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
