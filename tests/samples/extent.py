"""How much of what has no end a test tries: a sound part in every run, far more by `make fuzz`."""

import os

DEEP = os.environ.get("TEST_EXTENT") == "deep"


def extent(in_every_run: int, deep: int) -> int:
    """Whichever of the two counts this run is for."""
    return deep if DEEP else in_every_run
