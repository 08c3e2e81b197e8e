"""What `make bench` can be asked."""

from importlib.util import find_spec
from pathlib import Path

from benchmarks.__main__ import QUESTIONS

FOLDER = Path(__file__).parents[3] / "benchmarks" / "questions"


def test_every_question_has_a_module_in_the_folder_that_it_names() -> None:
    missing = [
        name
        for name, folder in QUESTIONS.items()
        if find_spec(f"benchmarks.questions.{folder}.{name}") is None
    ]

    assert missing == []


def test_every_module_of_a_subject_is_a_question() -> None:
    modules = {path.stem for path in FOLDER.glob("*/*.py")} - {"__init__"}

    assert modules - set(QUESTIONS) == {"proving"}  # it is asked by `make bench-check` alone
