"""What a benchmark found: tables, budgets kept or missed, and curves, as JSON between runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Self

KEPT = Path("docs/benchmarks/findings")
"""Beside the document, so that one question can be asked anew without the others."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a heading; cells are ready to read."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """The table in Markdown, its title above."""
        lines = [self.columns, ["---"] * len(self.columns), *self.rows]
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"**{self.title}**\n\n{body}\n"


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit that the product holds itself to; `least` turns "at most" into "at least"."""

    what: str
    figure: float
    limit: float
    unit: str = ""
    least: bool = False

    @property
    def kept(self) -> bool:
        """Whether the figure is within the limit."""
        return self.figure >= self.limit if self.least else self.figure <= self.limit

    def row(self) -> list[str]:
        """What, limit, figure and verdict as cells."""
        sign = "≥" if self.least else "≤"
        unit = f" {self.unit}" if self.unit else ""
        verdict = "kept" if self.kept else "**missed**"
        return [self.what, f"{sign} {self.limit:g}{unit}", f"{self._figure_text()}{unit}", verdict]

    def _figure_text(self) -> str:
        """In three digits, or in as many as show on which side of the limit the figure is."""
        texts = (f"{self.figure:.{digits}g}" for digits in range(3, 18))
        return next(text for text in texts if replace(self, figure=float(text)).kept == self.kept)


@dataclass(frozen=True, slots=True)
class Curves:
    """Named lines over the same x values, for a plot with logarithmic axes."""

    name: str
    title: str
    x_label: str
    y_label: str
    x: Sequence[float]
    lines: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question. `figures` are for other questions to calculate with."""

    question: str
    method: str
    tables: Sequence[Table] = ()
    budgets: Sequence[Budget] = ()
    curves: Sequence[Curves] = ()
    figures: Mapping[str, float] = field(default_factory=dict)
    measured_at: str = ""

    def markdown(self) -> str:
        """What people read in a terminal."""
        parts = [f"## {self.question}\n", f"{self.method}\n"]
        parts += [table.markdown() for table in self.tables]
        parts += [f"![{curves.title}](benchmarks/{curves.name}.svg)\n" for curves in self.curves]
        return "\n".join(parts)

    def write(self, path: Path) -> None:
        """Keep the finding for later."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """A finding that was kept."""
        held = json.loads(path.read_text(encoding="utf-8"))
        held["tables"] = [Table(**table) for table in held["tables"]]
        held["budgets"] = [Budget(**budget) for budget in held["budgets"]]
        held["curves"] = [Curves(**curves) for curves in held["curves"]]
        return cls(**held)
