"""What differs between the local server's pipeline and the functions'."""

from pathlib import Path

import pytest

from llm_cache_proxy.bootstrap.parts import local_parts
from llm_cache_proxy.bootstrap.pipeline import dependencies, pipeline
from llm_cache_proxy.settings import read_settings


@pytest.mark.parametrize("frozen", [False, True])
def test_an_answer_is_stored_behind_it_only_where_something_runs_then(
    frozen: bool, tmp_path: Path
) -> None:
    settings = read_settings({"DATA_DIR": str(tmp_path), "MODEL_DIR": str(tmp_path)})

    made = pipeline(settings, local_parts(settings), dependencies(settings), frozen=frozen)

    assert (made.proxy.unstored is None) is frozen


@pytest.mark.parametrize(
    ("named", "trusts"),
    [
        ({}, True),
        ({"EMBEDDING_URL": "http://vectors", "EMBEDDER_ID": "minilm-l6-v2/onnx-fp32"}, True),
        ({"EMBEDDING_URL": "http://vectors"}, False),
        ({"EMBEDDER": "bedrock", "EMBEDDING_MODEL": "amazon.titan-embed-text-v2:0"}, False),
    ],
)
def test_near_texts_are_trusted_only_by_the_embedder_that_labelled_pairs_speak_for(
    named: dict[str, str], *, trusts: bool, tmp_path: Path
) -> None:
    folders = {"DATA_DIR": str(tmp_path), "MODEL_DIR": str(tmp_path)}
    settings = read_settings({**folders, "MAX_WRONG_SHARE": "0.05", **named})

    made = pipeline(settings, local_parts(settings), dependencies(settings))

    assert made.learning is not None
    assert made.learning.rules.promise.trusts is trusts
