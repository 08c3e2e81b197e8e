"""A damaged store is moved out of the way, never deleted, so that it can be examined."""

import logging
import time
from pathlib import Path

_log = logging.getLogger(__name__)


def set_aside(path: Path, reason: object, *, companions: tuple[str, ...] = ()) -> Path:
    """Rename a damaged file or folder, and the files named like it with `companions` behind.

    Returns its new path, which has the date in it and was free. Raises OSError.
    """
    aside = _free(path, time.strftime("%Y-%m-%d"))
    path.rename(aside)
    for ending in companions:
        beside = path.with_name(path.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    _log.error("%s is damaged (%s); it is kept as %s, and an empty one begins", path, reason, aside)
    return aside


def kept_as(path: Path, aside: Path) -> str:
    """What health says of it from then on."""
    return f"{path} was damaged at the start and is kept as {aside}: an empty one began"


def _free(path: Path, date: str) -> Path:
    aside = path.with_name(f"{path.name}.corrupt-{date}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.corrupt-{date}-{number}")
    return aside
