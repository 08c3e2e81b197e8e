"""Records that the type checker holds to be frozen, and that cost no more than plain ones."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, slots: bool = True) -> Callable[[type[T]], type[T]]:
    """A dataclass like one that is `frozen`, for what each request makes and each start imports.

    mypy refuses an assignment to its fields as it does there. At run time nothing does: a frozen
    dataclass sets field by field through `object.__setattr__`, which takes nearly three times as
    long (docs/decisions/0044-records-are-frozen-by-the-type-checker.md).
    """
    return dataclass(slots=slots, unsafe_hash=True)
