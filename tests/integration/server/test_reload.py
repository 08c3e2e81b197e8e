"""`serve --reload` starts again when what it was started from has changed."""

import subprocess
from pathlib import Path

import httpx

from servers.proxy.process import COMMAND, EXACT_ONLY, environment
from servers.waiting import eventually, free_port


def test_a_changed_env_file_starts_the_server_again(tmp_path: Path) -> None:
    port = free_port()
    file = tmp_path / "my.env"
    file.write_text("DEFAULT_TTL_SECONDS=60\n", encoding="utf-8")
    given = environment(tmp_path / "data", EXACT_ONLY)

    def ttl_seconds() -> int | None:
        try:
            answer = httpx.get(f"http://127.0.0.1:{port}/admin/config", timeout=5)
        except httpx.HTTPError:
            return None
        return int(answer.json()["settings"]["DEFAULT_TTL_SECONDS"])

    with subprocess.Popen(
        [COMMAND, "serve", "--reload", "--env-file", str(file), "--port", str(port)],
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            eventually(lambda: ttl_seconds() == 60, seconds=60)

            file.write_text("DEFAULT_TTL_SECONDS=90\n", encoding="utf-8")

            eventually(lambda: ttl_seconds() == 90, seconds=60)
        finally:
            process.terminate()

    eventually(lambda: ttl_seconds() is None, seconds=30)
