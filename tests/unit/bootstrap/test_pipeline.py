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
