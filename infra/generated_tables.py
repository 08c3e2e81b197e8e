"""Writes the tables of the docs that the code itself knows: settings, and whatever joins them.

`python -m infra.generated_tables` brings the files up to date; a test fails where one is stale.
A table stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable, Iterable
from functools import partial
from importlib import import_module
from pathlib import Path

from attacks.catalogue import GROUPS
from attacks.table import expected_table
from infra.error_messages import messages
from llm_cache_proxy.domain.dialects.upstream_state import LIVE_TOOLS
from llm_cache_proxy.settings import GROUPS as SETTINGS_GROUPS
from llm_cache_proxy.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
FILES = ("README.md", *(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def settings_by_group() -> str:
    """A heading, what it is about, and a table for each group of settings."""
    return "\n\n".join(
        f"## {_title(group.__name__)}\n\n{group.__doc__}\n\n{settings_table(group.model_fields)}"
        for group in SETTINGS_GROUPS
    )


def _title(class_name: str) -> str:
    """ExactTierSettings is "Exact tier"."""
    words = re.findall("[A-Z][a-z]+", class_name.removesuffix("Settings"))
    return " ".join(words).capitalize()


def settings_table(shown: Iterable[str]) -> str:
    """Each setting's variable, default and meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name in shown:
        field = Settings.model_fields[name]
        default = "" if field.default is None else f"`{_shown(field.default)}`"
        rows.append(f"| `{name.upper()}` | {default} | {_cell(field.description or '')} |")
    return "\n".join(rows)


_FIRST_SETTINGS = (
    "groq_api_key",
    "upstream_base_url",
    "upstream_api_key",
    "redis_url",
    "upstash_redis_rest_url",
    "upstash_redis_rest_token",
    "qdrant_url",
    "qdrant_api_key",
    "semantic_preset",
    "default_ttl_seconds",
    "access_mode",
    "admin_key",
    "host",
    "port",
)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def costs_table() -> str:
    """The measured figures that a reader decides by, out of the benchmarks' own page."""
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    figures = {row[0]: row for row in _rows(page)}
    lines = ["| what | measured | budget |", "|---|---|---|"]
    for shown in _SHOWN_BUDGETS:
        what, budget, figure, *_ = figures[shown]
        lines.append(f"| {what} | {figure} | {budget} |")
    return "\n".join(lines)


_SHOWN_BUDGETS = (
    "exact hit: CPU, LiteLLM proxy's over ours",
    "exact hits a second, ours over LiteLLM proxy's",
    "batches of 100 embeddings a second at 99 % hits, ours over LiteLLM's",
    "commands at Redis per exact hit",
    "exact hit: Redis's time at 1,000,000 entries, of that at 1,000",
    "warm invocation with upstash-redis: CPU",
    "import and init of the completions handler, of `import litellm`",
    "resident memory of the completions process after 10,000 hits",
    "first byte of a streamed miss after the upstream's: p50",
    "semantic search, embedded, 10,000 entries in one scope: p50",
    "semantic search, embedded, 100,000 entries in one scope: CPU",
    "layer and function, unzipped",
)


def accuracy_table() -> str:
    """Wrong hits left and right hits kept on held-out pairs, out of the page that measures them."""
    page = (ROOT / "docs" / "semantic-accuracy.md").read_text(encoding="utf-8")
    others, _, own = page.partition("Our own pairs:")
    lines = ["| held-out pairs | wrong hits left, of cosine alone's | right hits kept |"]
    lines.append("|---|---|---|")
    lines += [
        f"| {row[0].strip('*')}{whose} | {row[5]} | {row[6]} |"
        for text, whose in ((others, ""), (own, ", our own"))
        for row in _rows(text)
        if row[1] == "held out"
    ]
    return "\n".join(lines)


def _rows(page: str) -> list[list[str]]:
    """The cells of every row of every table."""
    rows = (line.strip().strip("|").split("|") for line in page.splitlines() if line[:1] == "|")
    return [[cell.strip() for cell in row] for row in rows]


def errors_table() -> str:
    """Each error message of ours, by status."""
    rows = [f"| {status} | {_cell(text)} |" for status, text in messages()]
    return "\n".join(["| status | message |", "|---|---|", *rows])


def streams_table() -> str:
    """What is kept of each shape of a stream that the tests know, group by group."""
    if str(ROOT) not in sys.path:
        sys.path.append(str(ROOT))
    shapes = import_module("tests.samples.streamed_shapes")
    rows = ["| the upstream sends | served from the cache | a hit has |", "|---|---|---|"]
    for group, members in shapes.SHAPES.items():
        rows.append(f"| **{group}** | | |")
        rows += [f"| {_cell(each.sends)} | {each.kept} | {_cell(each.hit)} |" for each in members]
    return "\n".join(rows)


def live_tools_table() -> str:
    """Every spelling of a tool that the upstream runs, and where its provider documents it."""
    rows = ["| provider | request fields | models |", "|---|---|---|"]
    for tool in LIVE_TOOLS:
        named = f"[{tool.provider}]({tool.source})" if tool.source else tool.provider
        fields, models = (
            ", ".join(f"`{name}`" for name in names) for names in (tool.fields, tool.models)
        )
        rows.append(f"| {named} | {fields} | {models} |")
    return "\n".join(rows)


def attacks_table() -> str:
    """Each attack that the tests make on running servers, and what has to come back."""
    return expected_table(GROUPS)


TABLES: dict[str, Callable[[], str]] = {
    "errors": errors_table,
    "streams": streams_table,
    "live-tools": live_tools_table,
    "attacks": attacks_table,
    "settings": settings_by_group,
    "first-settings": partial(settings_table, _FIRST_SETTINGS),
    "costs": costs_table,
    "accuracy": accuracy_table,
}


def rendered(text: str) -> str:
    """`text` with every generated table as it is now. Raises KeyError for one that nobody makes."""
    return _BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]]()}\n{block[3]}", text)


if __name__ == "__main__":
    for name in FILES:
        path = ROOT / name
        path.write_text(rendered(path.read_text(encoding="utf-8")), encoding="utf-8")
