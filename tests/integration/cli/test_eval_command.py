"""`llm-cache-proxy eval` with the real model, on small files."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from llm_cache_proxy.cli.main import commands
from samples.embedding.languages import PAIRS as PAIRS_OF_LANGUAGES
from samples.embedding.languages import PAIRS_FILE, served_vector
from samples.embedding.minilm import model_folder
from servers.embedding_apis import OpenAIEmbeddings
from servers.thread import ThreadServer

PAIRS = [
    {"a": "How do I enable dark mode?", "b": "How do I disable dark mode?", "label": 0},
    {"a": "Convert 100 USD to EUR", "b": "Convert 1000 USD to EUR", "label": 0},
    {"a": "How do I reset my router?", "b": "How can I reset my router?", "label": 1},
    {"a": "What is Rust?", "b": "How tall is Mount Everest?", "label": 0},
]
PAIRS_MORE = [{"a": "What is Go?", "b": "Tell me what Go is", "label": 1}]
INTENTS = [
    {"text": "How do I enable dark mode?", "intent": "on"},
    {"text": "How do I disable dark mode?", "intent": "off"},
    {"text": "How can I enable dark mode?", "intent": "on"},
]


def written(folder: Path, rows: list[dict[str, Any]], name: str = "rows.jsonl") -> str:
    path = folder / name
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def run(*arguments: str) -> Result:
    environment = {"MODEL_DIR": str(model_folder())}
    return CliRunner().invoke(commands, ["eval", *arguments], env=environment)


def test_pairs_are_measured_beside_cosine_alone(tmp_path: Path) -> None:
    result = run(written(tmp_path, PAIRS), "--json")

    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert list(found) == [
        *("pairs", "positives", "negatives", "threshold", "baseline", "served"),
        *("false_kept", "true_kept", "served_share", "served_share_ci"),
        *("wrong_share", "wrong_share_ci", "vetoes", "wrong", "lost"),
    ]
    assert (found["pairs"], found["positives"], found["negatives"]) == (4, 1, 3)
    assert found["threshold"] == 0.9
    assert found["baseline"] == {"false": 2, "true": 1}
    assert found["served"] == {"false": 0, "true": 1}
    assert found["vetoes"] == {"opposites": 1, "numbers": 1}


def test_a_rule_that_is_switched_off_is_not_measured(tmp_path: Path) -> None:
    rows = written(tmp_path, PAIRS)
    environment = {"MODEL_DIR": str(model_folder()), "GUARD_RULES_OFF": "opposites"}

    result = CliRunner().invoke(commands, ["eval", rows, "--json"], env=environment)

    assert "opposites" not in json.loads(result.stdout)["vetoes"]


def test_without_the_guard_cosine_decides(tmp_path: Path) -> None:
    found = json.loads(run(written(tmp_path, PAIRS), "--json", "--no-guard").stdout)

    assert found["served"] == found["baseline"]


@pytest.mark.parametrize(
    ("options", "threshold"),
    [
        (("--preset", "strict"), 0.95),
        (("--preset", "verified"), 0.86),
        (("--preset", "strict", "--threshold", "0.5"), 0.5),
    ],
)
def test_options_name_the_rules(tmp_path: Path, options: tuple[str, ...], threshold: float) -> None:
    found = json.loads(run(written(tmp_path, PAIRS), "--json", *options).stdout)

    assert found["threshold"] == threshold


def test_the_verified_preset_says_that_no_verifier_is_called(tmp_path: Path) -> None:
    result = run(written(tmp_path, PAIRS), "--preset", "verified")

    assert "The verifier is not called" in result.stderr


def test_people_get_a_table_a_file_and_one_for_all(tmp_path: Path) -> None:
    written(tmp_path, PAIRS[:2], "traps.jsonl")
    written(tmp_path, PAIRS[2:], "others.jsonl")
    written(tmp_path, INTENTS, "intents.jsonl")

    result = run(str(tmp_path))

    assert result.exit_code == 0, result.output
    for answer in ("traps.jsonl", "others.jsonl", "all", "wrong left", "opposites"):
        assert answer in result.stdout
    assert "intents.jsonl: single texts, measured with --stream only" in result.stderr


def test_mistakes_are_named_with_their_rule(tmp_path: Path) -> None:
    rows = [{**PAIRS[0], "label": 1}, {**PAIRS[2], "label": 0}]

    lost = run(written(tmp_path, rows), "--show", "lost", "1")
    found = json.loads(run(written(tmp_path, rows), "--json").stdout)

    assert lost.exit_code == 0, lost.output
    assert "Refused wrongly" in lost.stdout
    assert "disable dark mode" in lost.stdout
    assert [(pair["a"], pair["rule"]) for pair in found["wrong"]] == [(PAIRS[2]["a"], None)]
    assert [(pair["a"], pair["rule"]) for pair in found["lost"]] == [(PAIRS[0]["a"], "opposites")]


def test_no_more_mistakes_are_shown_than_are_asked_for(tmp_path: Path) -> None:
    rows = [{**row, "label": 1} for row in PAIRS[:2]]

    result = run("--show", "lost", "1", written(tmp_path, rows))

    assert "dark mode" in result.stdout
    assert "100 USD" not in result.stdout


def test_figures_are_grouped_by_the_kind_of_the_lines(tmp_path: Path) -> None:
    rows = [{**PAIRS[0], "kind": "opposites"}, {**PAIRS[2], "kind": "wording"}, PAIRS[1]]

    found = json.loads(run(written(tmp_path, rows), "--kind", "--json").stdout)
    table = run(written(tmp_path, rows), "--kind")

    assert {kind: each["pairs"] for kind, each in found["kinds"].items()} == {
        "opposites": 1,
        "wording": 1,
    }
    assert "wording" in table.stdout


def test_a_stream_is_measured_by_threshold(tmp_path: Path) -> None:
    found = json.loads(run(written(tmp_path, INTENTS), "--stream", "--json").stdout)

    assert found["prompts"] == 3
    point = next(point for point in found["thresholds"] if point["threshold"] == 0.9)
    assert (point["hits"], point["wrong"]) == (1, 0)
    assert (point["baseline"]["hits"], point["baseline"]["wrong"]) == (2, 1)
    assert point["hit_rate_ci"][0] < point["hit_rate"] < point["hit_rate_ci"][1]


def test_pairs_may_be_a_stream_and_people_get_a_table(tmp_path: Path) -> None:
    result = run(written(tmp_path, PAIRS), "--stream")

    assert result.exit_code == 0, result.output
    assert "7 prompts" in result.stdout or "8 prompts" in result.stdout
    assert "0.90" in result.stdout


@pytest.mark.parametrize("stream", [(), ("--stream",)])
def test_a_plot_is_the_same_bytes_each_time(tmp_path: Path, stream: tuple[str, ...]) -> None:
    rows = written(tmp_path, PAIRS)

    first, second = tmp_path / "one.svg", tmp_path / "two.svg"
    for path in (first, second):
        result = run(rows, "--plot", str(path), *stream)
        assert result.exit_code == 0, result.output

    assert first.read_bytes() == second.read_bytes()
    assert b"right, % of served" in first.read_bytes()


def test_vectors_are_kept_for_the_next_run(tmp_path: Path) -> None:
    kept = str(tmp_path / "vectors")
    first = run(written(tmp_path, PAIRS), "--json", "--vectors", kept)
    more = run(written(tmp_path, [*PAIRS, *PAIRS_MORE]), "--json", "--vectors", kept)

    # without a model nothing new could be embedded
    environment = {"MODEL_DIR": str(tmp_path)}
    rows = written(tmp_path, PAIRS)
    again = CliRunner().invoke(
        commands, ["eval", rows, "--json", "--vectors", kept], env=environment
    )

    assert json.loads(first.stdout)["pairs"] == 4
    assert json.loads(more.stdout)["pairs"] == 5
    assert again.stdout == first.stdout


@pytest.mark.parametrize("content", [b"", b"damaged"])
def test_a_damaged_file_of_vectors_is_reported(tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "vectors"
    run(written(tmp_path, PAIRS), "--vectors", str(kept))
    (file,) = kept.iterdir()
    file.write_bytes(content)

    result = run(written(tmp_path, PAIRS), "--vectors", str(kept))

    assert result.exit_code == 1
    assert f"{file}: no file of vectors" in result.output


def test_a_plot_of_another_kind_is_refused(tmp_path: Path) -> None:
    result = run(written(tmp_path, PAIRS), "--plot", str(tmp_path / "plot.gif"))

    assert result.exit_code == 2
    assert ".svg or .png" in result.output


def test_single_texts_alone_need_a_stream(tmp_path: Path) -> None:
    result = run(written(tmp_path, INTENTS))

    assert result.exit_code == 2
    assert "--stream measures single texts" in result.output


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, [*PAIRS, {"a": "x", "b": "y"}])

    result = run(path)

    assert result.exit_code == 2
    assert f'{path}:5: "label" must be 0 or 1' in result.output


def test_a_missing_model_is_reported(tmp_path: Path) -> None:
    rows = written(tmp_path, PAIRS)

    result = CliRunner().invoke(commands, ["eval", rows], env={"MODEL_DIR": str(tmp_path)})

    assert result.exit_code == 1
    assert "There is no embedding model" in result.output


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """An API with the recorded vectors of the multilingual set."""
    with ThreadServer(OpenAIEmbeddings(served_vector).app()).running() as server:
        yield server.url


def run_with(service: str, *arguments: str) -> Result:
    settings = {
        "EMBEDDER": "openai",
        "EMBEDDING_BASE_URL": f"{service}/v1",
        "EMBEDDING_MODEL": "use-multilingual-3",
    }
    return CliRunner().invoke(commands, ["eval", *arguments], env=settings)


def test_the_chosen_embedder_is_measured_by_language(service: str) -> None:
    found = json.loads(run_with(service, str(PAIRS_FILE), "--json", "--language").stdout)

    assert found["pairs"] == len(PAIRS_OF_LANGUAGES)
    assert {"de", "zh", "ar", "hi"} <= set(found["languages"])
    assert found["served"]["false"] == 0
    assert found["languages"]["ru"]["baseline"]["false"] == 1


def test_a_threshold_is_found_for_a_share_of_wrong_hits(service: str) -> None:
    alone = run_with(service, str(PAIRS_FILE), "--json", "--no-guard", "--wrong-share", "0.4")
    guarded = run_with(service, str(PAIRS_FILE), "--wrong-share", "0.01")
    none = run_with(service, str(PAIRS_FILE), "--json", "--no-guard", "--wrong-share", "0")

    chosen = json.loads(alone.stdout)["chosen"]
    assert chosen["threshold"] > 0.8
    assert chosen["wrong"] <= 0.4 * chosen["served"]
    assert "SIMILARITY_THRESHOLD=0.5 is wrong in at most 1.00% of hits" in guarded.stdout
    assert json.loads(none.stdout)["chosen"] is None  # a trap is nearer than any right pair


def test_vectors_of_the_chosen_embedder_are_kept_under_its_own_name(
    service: str, tmp_path: Path
) -> None:
    first = run_with(service, str(PAIRS_FILE), "--json", "--vectors", str(tmp_path))
    second = run_with("http://127.0.0.1:9", str(PAIRS_FILE), "--json", "--vectors", str(tmp_path))

    assert first.stdout == second.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["openai-use-multilingual-3.npz"]


def test_an_embedder_that_is_away_is_reported_in_a_sentence() -> None:
    result = run_with("http://127.0.0.1:9", str(PAIRS_FILE))

    assert result.exit_code == 1
    assert "The embedder cannot be reached" in result.stderr


def test_a_threshold_is_not_chosen_from_a_stream(tmp_path: Path) -> None:
    result = run(written(tmp_path, PAIRS), "--stream", "--wrong-share", "0.01")

    assert result.exit_code == 2
    assert "leave --stream out" in result.stderr
