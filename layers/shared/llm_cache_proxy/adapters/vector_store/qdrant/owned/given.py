"""What the owner's process is given at its start."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwnerGiven:
    """The folder `path` in the folder of all stores, `data_dir`, and how it is used."""

    path: str
    data_dir: str
    collection: str
    dimensions: int | None
    timeout_seconds: float
    min_free_bytes: int
    log_level: str
