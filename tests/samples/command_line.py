"""The administration's command line, run while a server answers in the test's own loop."""

import asyncio
from typing import Any

from click.testing import CliRunner, Result

from llm_cache_proxy.cli.admin.commands import admin


async def run(*arguments: str, key: str = "", **given: Any) -> Result:
    """What the command printed, and its exit code."""
    environment = {"ADMIN_KEY": key, "COLUMNS": "160", **given.pop("env", {})}
    return await asyncio.to_thread(
        CliRunner().invoke, admin, list(arguments), env=environment, **given
    )
