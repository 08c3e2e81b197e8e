"""A process that is kept: it is there again after it died, whatever the machine lacks meanwhile."""

import asyncio
import logging
import os
import signal
import time
from pathlib import Path

import pytest

from llm_cache_proxy.adapters.kept_process import KeptProcess
from servers.descriptors import no_descriptor_left
from servers.waiting import eventually

PROGRAM = """
from llm_cache_proxy.adapters.kept_process import given_line, say_ready
import sys

say_ready(given_line(), {})
sys.stdin.read()
"""


async def test_a_process_is_started_again_once_the_machine_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "kept.py").write_text(PROGRAM)
    monkeypatch.chdir(tmp_path)
    kept = KeptProcess("it", "kept", {}, [], stop_seconds=10)
    await kept.start()
    await asyncio.to_thread(time.sleep, 0)  # loads what threads need while files can be opened
    former = kept.process_id
    assert former is not None
    try:
        with caplog.at_level(logging.WARNING), no_descriptor_left():
            os.kill(former, signal.SIGKILL)
            await asyncio.to_thread(
                eventually, lambda: "it cannot be started now" in caplog.text, seconds=30
            )

        await asyncio.to_thread(eventually, lambda: kept.process_id != former, seconds=30)
    finally:
        await kept.stop()
