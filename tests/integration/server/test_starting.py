"""What the command says where it cannot start, or not as was meant."""

import subprocess
from pathlib import Path

from servers.proxy.process import COMMAND, environment


def _started(tmp_path: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The command with settings under which it ends by itself."""
    return subprocess.run(
        [COMMAND, "serve"],
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
