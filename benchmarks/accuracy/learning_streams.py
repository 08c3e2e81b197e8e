"""Labelled streams as candidates: each prompt's nearest earlier one, the guard's word, the label.

Of QQP the stream is one half; the other was looked at when the score's traits and bands were
chosen. Its labels are noisy: what the guard accepts has been read again (`read_again`). Of what it
vetoes, 120 pairs were; `_REREAD` holds the share found to be the same after all, and each run draws
from it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.read_again import digest, halves, readings
from llm_cache_proxy.cli.evaluation.files import LabelledFile, read_files
from llm_cache_proxy.cli.evaluation.measuring import Stream, all_texts
from llm_cache_proxy.cli.evaluation.vectors import embed, nearest_earlier
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.guard.pair.traits import Traits
from llm_cache_proxy.domain.guard.rule import DECISION_VERSION
from llm_cache_proxy.domain.promise import Cell
from llm_cache_proxy.domain.promise.cells import ACCEPTED, BANDS, LOG_ODDS, LOWEST
from llm_cache_proxy.domain.promise.score import log_odds
from llm_cache_proxy.domain.requests.eligibility import ineligible_text
from llm_cache_proxy.settings import read_settings

OWN = Path(__file__).parents[1] / "pairs"
_REREAD = ((0.94, 0.13), (0.90, 0.07), (0.0, 0.05))
"""Of vetoed pairs: least similarity, share of wrong labels that were right."""

_TRAPS = frozenset({"everyday", "kinds", "unread", "unseen", "words"})
"""Files of kinds of difference: half of their pairs were written to be taken for the same."""

HELD_OUT = 0
"""The half of QQP that is the stream."""


def streams(folder: Path) -> dict[str, list[Path]]:
    """Which files make up which stream; our own are what people ask, or traps."""
    own = sorted(OWN.glob("*.jsonl"))
    return {
        "QQP": [folder / "qqp.jsonl"],
        "CheckList": [folder / "checklist_qqp.jsonl"],
        "Banking77": [folder / "banking77_test.jsonl"],
        "our own traps": [path for path in own if path.stem in _TRAPS],
        "our own prompts": [path for path in own if path.stem not in _TRAPS],
    }


@dataclass(frozen=True, slots=True)
class Candidates:
    """A stream's prompts that have a near entry and a label, in order of time.

    Of each: its cell's place in `cells`, its cosine, the score (log odds), the entry, how likely
    that is a right one, and the group of its surroundings.
    """

    prompts: int
    cells: Sequence[Cell]
    cell: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float64]
    score: npt.NDArray[np.float64]
    entry: npt.NDArray[np.int64]
    right: npt.NDArray[np.float64]
    group: npt.NDArray[np.int64]

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
            score=np.tile(self.score, times),
            entry=np.tile(self.entry, times),
            right=np.tile(self.right, times),
            group=np.tile(self.group, times),
        )

    def shuffled(self, chance: np.random.Generator) -> "Candidates":
        """The same in another order."""
        order = chance.permutation(len(self.cell))
        return replace(
            self,
            cell=self.cell[order],
            similarity=self.similarity[order],
            score=self.score[order],
            entry=self.entry[order],
            right=self.right[order],
            group=self.group[order],
        )

    def beside(self, other: "Candidates") -> "Candidates":
        """Both, as two groups of one tenant; the cells are the same."""
        if other.cells != self.cells:
            raise ValueError("the streams' cells differ")
        return Candidates(
            self.prompts + other.prompts,
            self.cells,
            np.concatenate((self.cell, other.cell)),
            np.concatenate((self.similarity, other.similarity)),
            np.concatenate((self.score, other.score)),
            np.concatenate((self.entry, other.entry)),
            np.concatenate((self.right, other.right)),
            np.concatenate((self.group, other.group + self.group.max() + 1)),
        )

    def in_one_group(self) -> "Candidates":
        """The same with all surroundings taken for one."""
        return replace(self, group=np.zeros_like(self.group))


def homogeneous(groups: int, count: int = 22_000, right: float = 0.995) -> Candidates:
    """One application's candidates, all of one kind, spread evenly over so many groups."""
    order = np.arange(count)
    of_one_kind = np.zeros_like(order)
    near = np.full(count, 0.999)
    return Candidates(
        prompts=count,
        cells=[Cell(ACCEPTED, BANDS - 1)],
        cell=of_one_kind,
        similarity=near,
        score=near,
        entry=of_one_kind,
        right=np.full(count, right),
        group=order % groups,
    )


@dataclass(frozen=True, slots=True)
class Compared:
    """A stream's candidates as they were compared, and the number of prompts in each half.

    `right` is how likely one answer serves both.
    """

    prompts: npt.NDArray[np.int64]
    similarity: npt.NDArray[np.float64]
    rule: npt.NDArray[np.str_]
    traits: npt.NDArray[np.float64]
    entry: npt.NDArray[np.int64]
    right: npt.NDArray[np.float64]
    half: npt.NDArray[np.int64]

    def in_half(self, half: int) -> "Compared":
        """Those of one half."""
        there = self.half == half
        parts = (self.similarity, self.rule, self.traits, self.entry, self.right, self.half)
        return Compared(self.prompts[[half]], *(part[there] for part in parts))


def candidates(name: str, paths: Sequence[Path], kept_in: Path | None) -> Candidates:
    """The candidates of the stream."""
    return as_candidates(compared(name, paths, kept_in).in_half(HELD_OUT))


def as_candidates(found: Compared) -> Candidates:
    """What was compared, grouped as the product does."""
    score = np.array(
        [
            log_odds(similarity, Traits(*traits))
            for similarity, traits in zip(found.similarity, found.traits, strict=True)
        ]
    )
    names = sorted(set(found.rule.tolist()))
    cells = [Cell(each, band) for each in names for band in range(BANDS)]
    band = np.searchsorted(LOG_ODDS, score, side="right")
    cell = np.searchsorted(names, found.rule) * BANDS + band
    prompts = int(found.prompts[0])
    group = np.zeros_like(cell)
    return Candidates(
        prompts, cells, cell, found.similarity, score, found.entry, found.right, group
    )


def compared(name: str, paths: Sequence[Path], kept_in: Path | None) -> Compared:
    """The stream's candidates; kept in the folder, beside the vectors, for files as they are."""
    kept = None
    if kept_in is not None:
        read = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:12]
        kept = kept_in / f"{name.replace(' ', '-')}-{DECISION_VERSION}-{read}.npz"
    if kept is not None and kept.exists():
        with np.load(kept) as parts:
            return Compared(**parts)
    found = _compared(name, paths, kept_in)
    if kept is not None:
        np.savez(kept, **{field: getattr(found, field) for field in Compared.__slots__})
    return found


def _compared(name: str, paths: Sequence[Path], kept_in: Path | None) -> Compared:
    files = read_files(paths)
    embedded = embed(read_settings(), all_texts(files), lambda _: None, kept_in=kept_in)
    stream = Stream()
    for file in files:
        stream.add(file)
    texts, same = stream.texts, stream.same_answer()
    vectors = embedded.vectors[[embedded.at[text] for text in texts]]
    half = _halves(name, files)
    guard, found = Guard(), []
    for arrival in nearest_earlier(vectors, least=LOWEST, k=1):
        one, other = texts[arrival.later], texts[arrival.earlier]
        label = same(arrival.later, arrival.earlier)
        if label is None or ineligible_text(one) or ineligible_text(other):
            continue
        verdict, traits = guard.compare_closely(one, other)
        rule = verdict.rule or ACCEPTED
        right = _right(name, (one, other), arrival.similarity, rule, label=label)
        at = half.get(one, HELD_OUT)
        found.append((arrival.similarity, rule, traits, arrival.earlier, right, at))
    prompts = np.bincount([half.get(text, HELD_OUT) for text in texts], minlength=2)
    return Compared(prompts, *(np.array(part) for part in zip(*found, strict=True)))


def _halves(name: str, files: Sequence[LabelledFile]) -> dict[str, int]:
    if name != "QQP":
        return {}
    return halves((row.a, row.b) for file in files for row in file.pairs)


def _right(name: str, pair: tuple[str, str], similarity: float, rule: str, *, label: bool) -> float:
    if label:
        return 1.0
    if rule == ACCEPTED:
        return float(readings(name).get(digest(*pair), False))
    if name != "QQP":
        return 0.0
    return next(right for least, right in _REREAD if similarity >= least)
