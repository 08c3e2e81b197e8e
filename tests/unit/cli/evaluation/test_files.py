from pathlib import Path

import pytest

from llm_cache_proxy.cli.evaluation.files import IntentRow, PairRow, UnusableFile, read_files

PAIR = '{"a": "What is Rust?", "b": "Tell me what Rust is", "label": 1}\n'
INTENT = '{"text": "Where is my card?", "intent": "card_arrival"}\n'


def written(folder: Path, text: str, name: str = "pairs.jsonl") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_pairs_are_read_and_other_fields_ignored(tmp_path: Path) -> None:
    path = written(tmp_path, PAIR + '{"a": "x", "b": "y", "label": 0, "kind": "k", "score": 3.1}\n')

    (file,) = read_files([path])

    assert file.name == "pairs.jsonl"
    assert file.pairs == [
        PairRow("What is Rust?", "Tell me what Rust is", label=True),
        PairRow("x", "y", label=False, kind="k"),
    ]


def test_single_texts_are_read_with_their_intent(tmp_path: Path) -> None:
    (file,) = read_files([written(tmp_path, INTENT)])

    assert file.intents == [IntentRow("Where is my card?", "card_arrival")]
    assert not file.pairs


def test_a_folder_gives_its_files_in_order(tmp_path: Path) -> None:
    written(tmp_path, PAIR, "b.jsonl")
    written(tmp_path, INTENT, "a.jsonl")
    written(tmp_path, "not read", "README.md")

    assert [file.name for file in read_files([tmp_path])] == ["a.jsonl", "b.jsonl"]


def test_blank_lines_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    (file,) = read_files([written(tmp_path, "\ufeff" + PAIR + "\n  \n" + PAIR)])

    assert len(file.pairs) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[" * 200_000, "not JSON"),
        ("[1]", "expected an object, found list"),
        ('{"a": "x", "b": "y"}', '"label" must be 0 or 1, found null'),
        ('{"a": "x", "b": "y", "label": 2}', '"label" must be 0 or 1, found 2'),
        ('{"a": "x", "b": "y", "label": [1]}', '"label" must be 0 or 1, found [1]'),
        ('{"a": "x", "label": 1}', '"b" is missing'),
        ('{"a": 5, "b": "y", "label": 1}', '"a" must be a string, found 5'),
        ('{"a": "x", "b": "y", "label": 1, "kind": 3}', '"kind" must be a string, found 3'),
        ('{"text": "x"}', '"intent" is missing'),
        (INTENT, "pairs and single texts in one file"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, line: str, reason: str) -> None:
    path = written(tmp_path, PAIR + line)

    with pytest.raises(UnusableFile) as caught:
        read_files([path])

    assert caught.value.message.startswith(f"{path}:2: ")
    assert reason in caught.value.message


def test_files_without_lines_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "\n")

    with pytest.raises(UnusableFile, match="the file has no lines"):
        read_files([path])


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match=r"no \*\.jsonl file"):
        read_files([tmp_path])


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b'{"a": "\xff"}')

    with pytest.raises(UnusableFile, match="not UTF-8"):
        read_files([path])
