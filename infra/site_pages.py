"""What mkdocs adds to docs/ for the site: pages of the repository's root, and a list of decisions.

Links between pages keep working; links to code become plain text, since the site has none of it.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "SECURITY.md": "SECURITY.md",
}
"""A file of the root → its page on the site."""

_LINK = re.compile(r"(?<!!)\[([^]]+)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
_IMAGE = re.compile(r'((?:src|srcset)="|!\[[^]]*\]\()docs/')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add our pages to those of the site; mkdocs calls it."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=site_text(text, Path(source))))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        place = str(path.relative_to(ROOT / "docs"))
        text = site_text(path.read_text(encoding="utf-8"), path.relative_to(ROOT))
        files.remove(next(file for file in files if file.src_uri == place))
        files.append(File.generated(config, place, content=text))
    files.append(File.generated(config, "decisions/index.md", content=decisions_page()))
    return files


def site_text(text: str, source: Path) -> str:
    """A file's text with its links as the site needs them; `source` is its path from the root."""

    def link(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        path = ((ROOT / source).parent / target).resolve()
        page = _page_of(path)
        if page is None and path.exists():
            return words
        if page is None:
            return found[0]  # leads nowhere: for mkdocs to find
        up = "../" * (len(Path(_page_of(ROOT / source) or "").parts) - 1)
        return f"[{words}]({up}{page}{anchor})"

    return _IMAGE.sub(r"\1", _LINK.sub(link, _without_notes(text)))


def decisions_page() -> str:
    """A list of all decisions by number."""
    lines = ["# Decisions", "", "What a newcomer would question, and why it is so.", ""]
    for path in sorted((ROOT / "docs/decisions").glob("*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join(lines) + "\n"


def _page_of(path: Path) -> str | None:
    """The page that shows a file, or a folder of decisions; None: the site has none."""
    if not path.is_relative_to(ROOT):
        return None
    name = str(path.relative_to(ROOT))
    if name == "docs/decisions":
        return "decisions/index.md"
    inside = path.is_file() and name.startswith("docs/")
    return PAGES.get(name) or (name.removeprefix("docs/") if inside else None)


def _without_notes(text: str) -> str:
    """Fences say only their language, as highlighters expect."""
    return re.sub(r"^(```\w+) not run: .*$", r"\1", text, flags=re.MULTILINE)
