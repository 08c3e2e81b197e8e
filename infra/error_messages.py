"""Every error message that a client or an operator can meet, read out of the sources.

Never runs what it reads: a message is the text that an error is made with, its variables as `…`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from llm_cache_proxy.domain import errors

SOURCES = Path(__file__).resolve().parents[1] / "layers" / "shared" / "llm_cache_proxy"
_SHOWN = (errors.RequestRefused, errors.UpstreamError, errors.SettingsError)
_STATED = frozenset({"_ErrorFields", "_refuse"})
"""What makes an answer of a status and a text, where no error is raised."""
_GIVEN = "…"


def messages() -> list[tuple[str, str]]:
    """Status ("start" where the process stops) and text of each, sorted."""
    found = {
        (status, text)
        for path in SOURCES.rglob("*.py")
        for status, text in _in_file(ast.parse(path.read_text(encoding="utf-8")))
        if text.strip(_GIVEN)
    }
    return sorted(found)


def _in_file(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(name) | ast.Attribute(attr=name),
                args=[ast.Constant(int(status)), text, *_],
            ) if name in _STATED:
                yield str(status), _text(text)
            case ast.Call(func=ast.Name(name), args=[text, *_]):
                kind = getattr(errors, name, None)
                if isinstance(kind, type) and issubclass(kind, _SHOWN):
                    yield _status(kind), _text(text)


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
