"""Every error message that a client or an operator can meet, read out of the sources.

Never runs what it reads: a message is the text that an error is made with, its variables as `…`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from llm_cache_proxy.domain import errors

SOURCES = Path(__file__).resolve().parents[1] / "layers" / "shared" / "llm_cache_proxy"
_SHOWN = (errors.RequestRefused, errors.UpstreamError, errors.SettingsError)
_GIVEN = "…"


def messages() -> list[tuple[str, str, str]]:
    """Status ("start" where the process stops), class and text of each, sorted."""
    found = {
        (_status(kind), kind.__name__, text)
        for path in SOURCES.rglob("*.py")
        for kind, text in _in_file(ast.parse(path.read_text(encoding="utf-8")))
    }
    return sorted(found)


def _in_file(tree: ast.Module) -> Iterator[tuple[type[errors.ProxyError], str]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        kind = getattr(errors, node.func.id, None)
        if not (isinstance(kind, type) and issubclass(kind, _SHOWN)) or not node.args:
            continue
        text = _text(node.args[0])
        if text.strip(_GIVEN):
            yield kind, text


def _status(kind: type[errors.ProxyError]) -> str:
    status = getattr(kind, "status", None)
    return "start" if status is None else str(status)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return _GIVEN
