"""Labelled streams as candidates: each prompt's nearest earlier one, the guard's word, the label.

QQP's labels are noisy. Pairs labelled as different were read again, 130 of the nearest and 120 by
similarity; `_REREAD` holds the share found to be the same after all, and each run draws from it.
"""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.learning_runs import Candidate
from llm_cache_proxy.cli.evaluation.files import read_files
from llm_cache_proxy.cli.evaluation.measuring import Stream, all_texts
from llm_cache_proxy.cli.evaluation.vectors import embed, nearest_earlier
from llm_cache_proxy.domain.guard import Guard
from llm_cache_proxy.domain.promise import cell_of
from llm_cache_proxy.domain.promise.cells import LOWEST
from llm_cache_proxy.domain.requests.eligibility import ineligible_text
from llm_cache_proxy.settings import read_settings

OWN = Path(__file__).parent / "pairs"
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


def candidates(
    paths: Sequence[Path], *, noisy: bool, kept_in: Path | None
) -> tuple[int, list[Candidate]]:
    """How many prompts the stream has, and the candidates among them that a label judges."""
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
        rule = guard.compare(one, other).rule
        right = 1.0 if label else _reread(arrival.similarity, rule) if noisy else 0.0
        cell = cell_of(arrival.similarity, rule)
        if cell is not None:
            found.append(Candidate(cell, arrival.similarity, arrival.earlier, right))
    return len(texts), found


def _reread(similarity: float, rule: str | None) -> float:
    return next(right for least, right in _REREAD[rule is not None] if similarity >= least)
