"""Peers that users would pick: installed apart, named with the reason where they cannot be."""

import json
import sys
from pathlib import Path

import pytest
from benchmarks.questions.peers.peers_exact import not_measured
from benchmarks.questions.peers.peers_semantic import Side, judged
from benchmarks.rig.peers.install import PeerUnavailable, install_once, last_line

from servers.upstream.scripted import ScriptedUpstream

TRACEBACK = """Traceback (most recent call last):
  File "program.py", line 1, in <module>
OSError: We couldn't connect to load the files
Check your internet connection."""


def test_the_reason_is_the_error_and_not_the_advice_below_it() -> None:
    assert last_line(TRACEBACK) == "OSError: We couldn't connect to load the files"


def test_the_reason_of_a_loader_is_its_error() -> None:
    said = "redis-server: error while loading shared libraries: libssl.so.1.1"

    assert last_line(f"starting\n{said}\n") == said


def test_the_reason_breaks_no_table_and_names_no_folder_of_this_machine() -> None:
    assert last_line(f"{Path.cwd()}/build/a | b") == "build/a / b"


def test_a_program_that_prints_nothing_is_reported_as_that() -> None:
    assert last_line("\n") == "it said nothing"


def test_what_cannot_be_installed_is_named_with_what_the_installer_said(tmp_path: Path) -> None:
    offline = "raise OSError('no route to the index')"

    with pytest.raises(PeerUnavailable, match="not installed: OSError: no route to the index"):
        install_once(tmp_path, [sys.executable, "-c", offline])

    assert not (tmp_path / ".installed").exists()


def test_an_installer_that_is_not_there_is_a_reason(tmp_path: Path) -> None:
    with pytest.raises(PeerUnavailable, match=r"not installed: .*no-such-installer"):
        install_once(tmp_path, ["no-such-installer"])


def test_what_is_installed_is_marked(tmp_path: Path) -> None:
    install_once(tmp_path, [sys.executable, "-c", ""])

    assert (tmp_path / ".installed").exists()


def test_those_that_took_no_part_stand_in_a_table_of_their_own() -> None:
    [table] = not_measured({"a peer": "not started: it is offline"})

    assert table.rows == [["a peer", "not started: it is offline"]]
    assert not_measured({}) == []


def answering(given: dict[str, str]) -> Side:
    """A server that gives a prompt the answer of another, or its own."""

    def said(prompt: str) -> tuple[float, str]:
        return 0.001, json.dumps({"asked": given.get(prompt, prompt)})

    return Side("a server", 1, ScriptedUpstream(), said)


def test_the_answer_of_the_pairs_other_prompt_is_right_or_wrong_by_the_label() -> None:
    side = answering({"b": "a", "d": "c"})
    pairs = [{"a": "a", "b": "b", "label": 1}, {"a": "c", "b": "d", "label": 0}]

    found = judged(side, pairs)

    assert found.row("it") == ["it", "1 of 1", "1 of 1", "0 of 4"]


def test_the_answer_of_a_third_prompt_is_counted_apart() -> None:
    side = answering({"c": "a", "d": "b"})

    found = judged(side, [{"a": "c", "b": "d", "label": 0}])

    assert found.row("it") == ["it", "0 of 0", "0 of 1", "2 of 2"]


def test_a_prompt_of_its_own_answer_counts_for_nothing() -> None:
    found = judged(answering({}), [{"a": "a", "b": "b", "label": 0}])

    assert found.row("it") == ["it", "0 of 0", "0 of 1", "0 of 2"]
