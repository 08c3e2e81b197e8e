"""What labels say of two texts that no single label may join: same answer, another, unknown.

"Same" carries on: where one answer serves A and B, and one serves B and C, it serves A and C.
"Other" carries over such groups, and a label on the very pair outweighs what follows from others.
"""

from collections.abc import Iterable


class Relations:
    """The labels of pairs of texts, each text known by its position."""

    def __init__(self, labels: Iterable[tuple[int, int, bool]]) -> None:
        self._parents: dict[int, int] = {}
        self._labels: dict[frozenset[int], bool] = {}
        for one, other, same in labels:
            self._labels[frozenset((one, other))] = same
            if same:
                self._parents[self._group(one)] = self._group(other)
        self._others = {
            frozenset((self._group(one), self._group(other)))
            for one, other in (sorted(pair) for pair in self._labels if len(pair) > 1)
            if not self._labels[frozenset((one, other))]
        }

    def same_answer(self, one: int, other: int) -> bool | None:
        """Whether one answer serves both; None where no label says so."""
        labelled = self._labels.get(frozenset((one, other)))
        if labelled is not None:
            return labelled
        groups = frozenset((self._group(one), self._group(other)))
        if len(groups) == 1:
            return True
        return False if groups in self._others else None

    def _group(self, member: int) -> int:
        root = member
        while (parent := self._parents.get(root, root)) != root:
            root = parent
        while member != root:  # the way gets shorter each time it is walked
            self._parents[member], member = root, self._parents[member]
        return root
