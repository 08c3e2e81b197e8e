"""Differences in the signs, brackets, capitals and indentation of code, formulas and data."""

from llm_cache_proxy.domain.guard.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule


def _signs(pair: Pair) -> str | None:
    a, b = pair.a.signature, pair.b.signature
    if a == b:
        return None
    only = next((unit for unit in (*a, *b) if (unit in a) != (unit in b)), "their order")
    return f"written as {only.strip()[:40]}"


SIGNS = Rule(
    name="signs",
    looks_at="signs, brackets, capitals and indentation in code, formulas and data",
    vetoes=(
        ("What is 3 + 5 * 2?", "What is (3 + 5) * 2?"),
        ("Convert -10 C to F", "Convert 10 C to F"),
        ("What does \\B match?", "What does \\b match?"),
        ("Explain y[3:]", "Explain y[:3]"),
        ("What does date +%Y print?", "What does date +%y print?"),
        ("Run this:\nif x:\n    y()\n    z()", "Run this:\nif x:\n    y()\nz()"),
        ("What is 3 - 8?", "What is 3 + 8?"),
        ("What does sort < in > out do?", "What does sort < out > in do?"),
    ),
    passes=(
        ("What is 17+5?", "What is 17 + 5?"),
        ("What is 17 plus 5?", "What is 17 + 5?"),
        ("What does `len(x)` do?", "what does len(x) do"),
        ("What can I buy for $20?", "What can I buy for 20 dollars?"),
        ("What does print() do?", "What does print do?"),
        ("Who sang this (in 1999)?", "Who sang this in 1999?"),
        ("Is it a *good* idea?", "Is it a good idea?"),
    ),
    check=_signs,
    any_language=True,
)
