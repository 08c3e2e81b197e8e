"""What a command says where it cannot go on."""

from pathlib import Path

import pytest

from llm_cache_proxy.cli.start import reported


def test_a_file_that_cannot_be_written_is_named_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "absent" / "entries.jsonl"

    with pytest.raises(SystemExit) as end, reported():
        file.write_text("{}", encoding="utf-8")

    assert end.value.code == 1
    assert capsys.readouterr().err == f"Error: {file}: No such file or directory\n"


def test_another_fault_of_the_machine_is_not_hidden() -> None:
    with pytest.raises(OSError, match="no more threads"), reported():
        raise OSError("no more threads")
