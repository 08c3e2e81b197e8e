""".env.example: every setting with its meaning and its default, for copying to .env.

`python -m infra.env_example` writes it; a test fails where it is stale.
"""

import textwrap

from pydantic.fields import FieldInfo

from infra.tools import ROOT
from llm_cache_proxy.settings import GROUPS

FILE = ROOT / ".env.example"

_HEAD = """\
# Copy this file to .env in the folder where llm-cache-proxy is started, and take the # away from
# what you set. Variables of the environment go before it. Written by `make docs`.
"""


def example() -> str:
    """The whole file."""
    parts = [_HEAD]
    for group in GROUPS:
        parts.append(f"# {'-' * 96}\n# {group.__doc__}\n")
        parts += [_setting(name, field) for name, field in group.model_fields.items()]
    return "\n".join(parts)


def _setting(name: str, field: FieldInfo) -> str:
    meaning = textwrap.fill(
        field.description or "", 98, initial_indent="# ", subsequent_indent="# "
    )
    return f"{meaning}\n# {name.upper()}={_shown(field.default)}\n"


def _shown(default: object) -> str:
    if default is None:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


if __name__ == "__main__":
    FILE.write_text(example(), encoding="utf-8")
