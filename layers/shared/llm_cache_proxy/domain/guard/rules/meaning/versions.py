"""Differences in version numbers."""

from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.text.analysis import Analysis, once_a_text
from llm_cache_proxy.domain.guard.text.arrangement import Item, changed_places, item_at
from llm_cache_proxy.domain.guard.text.tokens import Kind


def _versions(pair: Pair) -> str | None:
    if Kind.VERSION not in pair.a.kinds and Kind.VERSION not in pair.b.kinds:
        return None
    in_a, in_b = _version_names(pair.a), _version_names(pair.b)
    numbers = {each.value for each in (*pair.a.quantities, *pair.b.quantities)}
    only = ({item.value for item in in_a} ^ {item.value for item in in_b}) - numbers
    if only:
        return f"versions {sorted(only)}"
    if len(in_a) > 1 and changed_places(in_a, in_b, pair.a.plain, pair.b.plain):
        return "versions that change places"
    return None


@once_a_text
def _version_names(analysis: Analysis) -> list[Item]:
    return [
        item_at(analysis.plain, token.word.lstrip("v"), at, at + 1)
        for at, token in enumerate(analysis.plain)
        if token.kind is Kind.VERSION
    ]


VERSIONS = Rule(
    name="versions",
    looks_at="version numbers",
    vetoes=(
        ("What is new in Python 3.12.1?", "What is new in Python 3.12.4?"),
        ("Does v2 work?", "Does v3 work?"),
    ),
    passes=(("What is new in version 3.12.1?", "What's new in v3.12.1?"),),
    check=_versions,
    any_language=True,
)
