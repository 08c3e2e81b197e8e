"""Labelled streams as candidates: each prompt's nearest earlier one, the guard's word, the label.

QQP's labels are noisy. Pairs labelled as different were read again, 130 of the nearest and 120 by
similarity; `_REREAD` holds the share found to be the same after all, and each run draws from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from llm_cache_proxy.cli.evaluation.files import read_files
from llm_cache_proxy.cli.evaluation.measuring import Stream, all_texts
from llm_cache_proxy.cli.evaluation.vectors import embed, nearest_earlier
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.rule import DECISION_VERSION
from llm_cache_proxy.domain.promise import Cell
from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS, EDGES, LOWEST
from llm_cache_proxy.domain.requests.eligibility import ineligible_text
from llm_cache_proxy.settings import read_settings

OWN = Path(__file__).parents[1] / "pairs"
_REREAD = {
    False: ((0.973, 0.88), (0.94, 0.60), (0.90, 0.40), (0.85, 0.15), (0.0, 0.10)),
    True: ((0.94, 0.13), (0.90, 0.07), (0.0, 0.05)),
}
"""By whether the guard vetoes: least similarity, share of wrong labels that were right."""


def streams(folder: Path) -> dict[str, list[Path]]:
    """Which files make up which stream."""
    return {
        "QQP": [folder / "qqp.jsonl"],
        "CheckList": [folder / "checklist_qqp.jsonl"],
        "Banking77": [folder / "banking77_test.jsonl"],
        "our own prompts": sorted(OWN.glob("*.jsonl")),
    }


@dataclass(frozen=True, slots=True)
class Candidates:
    """A stream's prompts that have a near entry and a label, in order of time.

    Of each: its cell's place in `cells`, its cosine, the entry, and how likely that is a right one.
    """

    prompts: int
    cells: Sequence[Cell]
    cell: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float64]
    entry: npt.NDArray[np.int64]
    right: npt.NDArray[np.float64]

    @property
    def accepted(self) -> npt.NDArray[np.bool_]:
        """Where the guard accepts."""
        return np.array([not cell.rule for cell in self.cells])[self.cell]

    def repeated(self, times: int) -> "Candidates":
        """A stream of the same kind that is so many times as long."""
        return replace(
            self,
            prompts=self.prompts * times,
            cell=np.tile(self.cell, times),
            similarity=np.tile(self.similarity, times),
            entry=np.tile(self.entry, times),
            right=np.tile(self.right, times),
        )

    def shuffled(self, chance: np.random.Generator) -> "Candidates":
        """The same in another order."""
        order = chance.permutation(len(self.cell))
        return replace(
            self,
            cell=self.cell[order],
            similarity=self.similarity[order],
            entry=self.entry[order],
            right=self.right[order],
        )


def candidates(name: str, paths: Sequence[Path], kept_in: Path | None) -> Candidates:
    """The candidates of the stream; they are kept in the folder, beside the vectors."""
    kept = None if kept_in is None else kept_in / f"{name.replace(' ', '-')}-{DECISION_VERSION}.npz"
    if kept is not None and kept.exists():
        with np.load(kept) as found:
            return _candidates(int(found["prompts"]), name, *(found[part] for part in _PARTS))
    prompts, parts = _compared(paths, kept_in)
    if kept is not None:
        similarity, rule, entry, label = parts
        np.savez(kept, prompts=prompts, similarity=similarity, rule=rule, entry=entry, label=label)
    return _candidates(prompts, name, *parts)


_PARTS = ("similarity", "rule", "entry", "label")


def _candidates(
    prompts: int,
    name: str,
    similarity: npt.NDArray[np.float64],
    rule: npt.NDArray[np.str_],
    entry: npt.NDArray[np.int64],
    label: npt.NDArray[np.bool_],
) -> Candidates:
    names = sorted(set(rule.tolist()))
    cells = [Cell(each, band) for each in names for band in range(BANDS)]
    cell = np.searchsorted(names, rule) * BANDS + np.searchsorted(EDGES, similarity, side="right")
    right = label.astype(float)
    if name == "QQP":
        for at in np.flatnonzero(~label):
            right[at] = _reread(similarity[at], rule[at])
    return Candidates(prompts, cells, cell, similarity, entry, right)


def _compared(
    paths: Sequence[Path], kept_in: Path | None
) -> tuple[int, tuple[npt.NDArray[Any], ...]]:
    files = read_files(paths)
    embedded = embed(read_settings(), all_texts(files), lambda _: None, kept_in=kept_in)
    stream = Stream()
    for file in files:
        stream.add(file)
    texts, same = stream.texts, stream.same_answer()
    vectors = embedded.vectors[[embedded.at[text] for text in texts]]
    guard, found = Guard(), []
    for arrival in nearest_earlier(vectors, least=LOWEST, k=1):
        one, other = texts[arrival.later], texts[arrival.earlier]
        label = same(arrival.later, arrival.earlier)
        if label is None or ineligible_text(one) or ineligible_text(other):
            continue
        rule = guard.compare(one, other).rule or ACCEPTED
        found.append((arrival.similarity, rule, arrival.earlier, label))
    return len(texts), tuple(np.array(part) for part in zip(*found, strict=True))


def _reread(similarity: float, rule: str) -> float:
    return next(right for least, right in _REREAD[rule != ACCEPTED] if similarity >= least)
