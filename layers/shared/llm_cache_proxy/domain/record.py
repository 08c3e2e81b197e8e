"""Records that the type checker holds to be frozen, and that cost no more than plain ones."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(*, slots: bool = True) -> Callable[[type[T]], type[T]]:
    """A dataclass like one that is `frozen`, for what each request makes and each start imports.

    mypy refuses an assignment to its fields as it does there. At run time nothing does: a frozen
    dataclass sets field by field through `object.__setattr__`, which takes nearly three times as
    long (docs/decisions/0044-records-are-frozen-by-the-type-checker.md).

    Equality, hash and `repr` are the same as a dataclass's, but made without writing and compiling
    a function for each: that takes two thirds of what a class costs at its import.
    """

    def made(plain: type[T]) -> type[T]:
        return _comparable(dataclass(slots=slots, eq=False, repr=False)(plain))

    return made


def _comparable(made: type[T]) -> type[T]:
    compared = [each.name for each in fields(made) if each.compare]  # type: ignore[arg-type]
    shown = [each.name for each in fields(made) if each.repr]  # type: ignore[arg-type]
    values: Callable[[object], object] = attrgetter(*compared) if compared else _nothing

    def equal(self: object, other: object) -> object:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self is other or values(self) == values(other)

    def hashed(self: object) -> int:
        return hash(values(self))

    @recursive_repr()
    def said(self: object) -> str:
        named = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({named})"

    # The hash first: whether it is missing shows by the class's own `__eq__`.
    for name, method in (("__hash__", hashed), ("__eq__", equal), ("__repr__", said)):
        if _is_missing(name, made):
            setattr(made, name, method)
    return made


def _is_missing(name: str, made: type) -> bool:
    """As a dataclass tells it: Python itself sets the hash to None beside an `__eq__`."""
    own = made.__dict__
    return name not in own or (name == "__hash__" and own[name] is None and "__eq__" in own)


def _nothing(of: object) -> tuple[()]:  # noqa: ARG001 - as of any record
    return ()
