"""`llm-cache-proxy estimate` over a log, with the model itself."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from llm_cache_proxy.cli.estimate.command import estimate
from samples.embedding.minilm import MODEL

LOG = [
    {"prompt": "What is Rust?", "answer": "A systems programming language."},
    {"prompt": "What is Rust?", "answer": "A systems programming language."},
    {"prompt": "Tell me what Rust is", "answer": "A programming language for systems."},
    {"prompt": "How do I bake bread?", "answer": "Mix flour, water, salt and yeast."},
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, [*LOG, {"other": 1}])), encoding="utf-8")
    return file


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        estimate, arguments, env={"MODEL_DIR": str(MODEL), "COLUMNS": "80"}, catch_exceptions=False
    )


def test_each_presets_hits_are_printed_as_json(log: Path) -> None:
    done = run(str(log), "--json")

    answer = json.loads(done.stdout)
    presets = {each["preset"]: each for each in answer["presets"]}
    assert list(presets) == ["balanced", "strict", "verified", "off"]
    assert (presets["balanced"]["exact_hits"], presets["balanced"]["semantic_hits"]) == (1, 1)
    assert presets["balanced"]["semantic_hits_judged"] == 1
    assert presets["balanced"]["semantic_hits_wrong"] == 0
    assert presets["off"]["semantic_hits"] == 0
    assert answer["lines_left_out"] == 1


def test_people_get_a_table_and_a_plot(log: Path, tmp_path: Path) -> None:
    plot = tmp_path / "plot.svg"

    done = run(str(log), "--plot", str(plot))

    assert "balanced" in done.stdout
    assert "50.0%" in done.stdout
    assert "1 lines are no requests" in done.stderr
    assert "semantic" in plot.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("plot", "said"), [("absent/plot.svg", "there is no folder"), ("plot.txt", ".svg or .png")]
)
def test_a_plot_that_cannot_be_drawn_is_refused_before_anything_is_read(
    log: Path, tmp_path: Path, plot: str, said: str
) -> None:
    done = run(str(log), "--plot", str(tmp_path / plot))

    assert done.exit_code == 2
    assert said in done.stderr
    assert "Embedding" not in done.stderr


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text("{}", encoding="utf-8")

    done = run(str(file))

    assert done.exit_code == 2
    assert "no request in it" in done.stderr
