"""How settings are written, and what is said where one is wrong."""

import os
from pathlib import Path

import pytest

from llm_cache_proxy.bootstrap.local.folders import data_dir, model_dir
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.domain.requests.presets import Preset
from llm_cache_proxy.settings import Settings, load_env_file, read_settings


@pytest.mark.parametrize("written", ["Strict", "STRICT", " strict "])
def test_a_word_may_be_written_in_any_case(written: str) -> None:
    assert read_settings({"SEMANTIC_PRESET": written}).semantic_preset is Preset.STRICT


@pytest.mark.parametrize("written", ["info", "Info", "INFO"])
def test_a_log_level_may_be_written_in_any_case(written: str) -> None:
    assert read_settings({"LOG_LEVEL": written}).log_level == "INFO"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LOG_LEVEL", "loud", "LOG_LEVEL: expected 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("SEMANTIC_PRESET", "lax", "SEMANTIC_PRESET: expected 'balanced', 'strict', 'verified' or"),
        ("ACCESS_MODE", "shut", "ACCESS_MODE: expected 'open' or 'keyed'"),
        ("PORT", "many", "PORT: expected a valid integer"),
        ("SHADOW_RATE", "2", "SHADOW_RATE: expected less than or equal to 1"),
        ("UPSTREAMS", '[{"name": "A B"}]', "UPSTREAMS: name: expected up to 64"),
    ],
)
def test_a_wrong_value_is_answered_with_what_was_expected(
    name: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        read_settings({name: value})

    assert expected in str(wrong.value)
    assert "pattern" not in str(wrong.value)


def test_a_key_in_the_place_of_its_variables_name_is_not_printed() -> None:
    upstreams = '[{"name": "groq", "api_key_variable": "gsk_very1secret"}]'

    with pytest.raises(SettingsError, match="expected the name of a variable") as wrong:
        read_settings({"UPSTREAMS": upstreams})

    assert "gsk_very1secret" not in str(wrong.value)


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PORT", "CREATIVE_TTL_SECONDS"):
        monkeypatch.setenv(name, "")  # restored at the end
        monkeypatch.delenv(name)
    file = tmp_path / ".env"
    file.write_text("# mine\nPORT=4100\nexport CREATIVE_TTL_SECONDS='60'\n", encoding="utf-8")
    return file


def test_a_file_gives_what_the_environment_does_not(env_file: Path) -> None:
    taken = load_env_file(env_file)

    settings = read_settings()
    assert (settings.port, settings.creative_ttl_seconds) == (4100, 60)
    assert taken == {"PORT", "CREATIVE_TTL_SECONDS"}


def test_the_environment_goes_before_a_file(
    env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "4200")

    load_env_file(env_file)

    assert os.environ["PORT"] == "4200"


def test_a_file_that_is_named_goes_before_the_one_in_the_folder(env_file: Path) -> None:
    taken = load_env_file(env_file)
    other = env_file.with_name("other.env")
    other.write_text("PORT=4300\n", encoding="utf-8")

    load_env_file(other, over=taken)

    assert os.environ["PORT"] == "4300"


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    file = tmp_path / "binary.env"
    file.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError, match=r"binary\.env cannot be read"):
        load_env_file(file)


def test_a_line_that_is_none_is_named_and_the_others_are_taken(
    env_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    env_file.write_bytes(b"\xef\xbb\xbfPORT=4300\nthis is no line\nCREATIVE_TTL_SECONDS=60\n")

    taken = load_env_file(env_file)

    assert taken == {"PORT", "CREATIVE_TTL_SECONDS"}
    assert caplog.messages == [f"{env_file}: line 2 is not NAME=value, and is left out"]


def test_folders_are_the_users_own_until_they_are_set(tmp_path: Path) -> None:
    unset = Settings.model_construct(data_dir=None, model_dir=None)
    chosen = read_settings({"DATA_DIR": str(tmp_path / "a"), "MODEL_DIR": str(tmp_path / "b")})

    assert data_dir(unset).is_absolute()
    assert model_dir(unset).name == "all-MiniLM-L6-v2"
    assert (data_dir(chosen), model_dir(chosen)) == (tmp_path / "a", tmp_path / "b")
