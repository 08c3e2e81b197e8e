"""The embedder in process: agreement with the original, and its ways of not being there."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import fmean

import pytest
from functions.embedding import build_model
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from llm_cache_proxy.adapters.embedder.minilm.embedder import (
    DEFAULT_EMBEDDER_ID,
    MiniLMEmbedder,
    installed_embedder_id,
)
from llm_cache_proxy.adapters.embedder.text import encodable, most_word_pieces
from llm_cache_proxy.domain.errors import EmbedderUnavailable
from samples.embedding.minilm import MODEL, REFERENCES, ROOT, cosine, model_folder

TEXTS = [reference.text for reference in REFERENCES]
EIGHT_BIT = MODEL.with_name(f"{MODEL.name}-q8")


async def assert_alone_as_together(embedder: MiniLMEmbedder) -> None:
    together = await embedder.embed(TEXTS)

    for text, found in zip(TEXTS, together, strict=True):
        (alone,) = await embedder.embed([text])
        assert found.vector == pytest.approx(alone.vector, abs=1e-5)


@pytest.fixture
async def minilm() -> AsyncIterator[MiniLMEmbedder]:
    embedder = MiniLMEmbedder(model_folder())
    yield embedder
    await embedder.aclose()


@pytest.fixture
async def eight_bit() -> AsyncIterator[MiniLMEmbedder]:
    assert build_model.main(["--out", str(EIGHT_BIT), "--quantise"]) == 0
    embedder = MiniLMEmbedder(EIGHT_BIT, embedder_id=installed_embedder_id(EIGHT_BIT))
    yield embedder
    await embedder.aclose()


async def test_full_precision_agrees_with_sentence_transformers(minilm: MiniLMEmbedder) -> None:
    found = await minilm.embed(TEXTS)

    for reference, embedding in zip(REFERENCES, found, strict=True):
        assert cosine(reference.vector, embedding.vector) >= 0.99999, reference.name
        assert embedding.tokens == reference.tokens, reference.name
        assert embedding.whole is (reference.tokens <= 256), reference.name


async def test_eight_bit_weights_agree_with_sentence_transformers(
    eight_bit: MiniLMEmbedder,
) -> None:
    found = await eight_bit.embed(TEXTS)

    cosines = [
        cosine(reference.vector, embedding.vector)
        for reference, embedding in zip(REFERENCES, found, strict=True)
    ]
    assert eight_bit.embedder_id != DEFAULT_EMBEDDER_ID
    # The texts are strange ones, a question mark alone and words without end: those that people
    # write are at 0.999.
    assert fmean(cosines) >= 0.998
    assert min(cosines) >= 0.995


async def test_neighbours_in_a_batch_do_not_change_a_vector(minilm: MiniLMEmbedder) -> None:
    await assert_alone_as_together(minilm)


async def test_neighbours_do_not_change_an_eight_bit_vector(eight_bit: MiniLMEmbedder) -> None:
    await assert_alone_as_together(eight_bit)


async def test_many_callers_at_once_get_their_own_vectors() -> None:
    embedder = MiniLMEmbedder(model_folder(), at_once=3)

    found = await asyncio.gather(*(embedder.embed([text]) for text in TEXTS))
    await embedder.aclose()

    for reference, (embedding,) in zip(REFERENCES, found, strict=True):
        assert cosine(reference.vector, embedding.vector) >= 0.99999, reference.name


async def test_several_threads_make_the_same_vector(minilm: MiniLMEmbedder) -> None:
    alone = await minilm.embed(TEXTS)

    several = MiniLMEmbedder(model_folder(), threads=2)
    together = await several.embed(TEXTS)
    await several.aclose()

    for one, other in zip(alone, together, strict=True):
        assert one.vector == pytest.approx(other.vector, abs=1e-6)


async def test_several_threads_sleep_between_two_texts() -> None:
    embedder = MiniLMEmbedder(model_folder(), threads=4)
    await embedder.load()
    busy = idle = 0.0

    for _ in range(20):
        began = time.process_time()
        await embedder.embed(["What is Rust?"])
        done = time.process_time()
        await asyncio.sleep(0.03)
        busy, idle = busy + done - began, idle + time.process_time() - done
    await embedder.aclose()

    assert idle < busy / 2


async def test_a_caller_that_stops_waiting_leaves_the_embedder_usable(
    minilm: MiniLMEmbedder,
) -> None:
    left = asyncio.create_task(minilm.embed(TEXTS))
    await asyncio.sleep(0)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left

    (found,) = await minilm.embed([TEXTS[0]])

    assert cosine(found.vector, REFERENCES[0].vector) >= 0.99999


async def test_the_event_loop_runs_on_while_a_long_text_is_embedded(
    minilm: MiniLMEmbedder,
) -> None:
    await minilm.load()
    task = asyncio.create_task(minilm.embed(["many words of one text " * 20_000]))

    turns = 0
    while not task.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert turns > 5  # and none where it waited
    assert not task.result()[0].whole


async def test_a_missing_model_is_said_to_be_missing(tmp_path: Path) -> None:
    embedder = MiniLMEmbedder(tmp_path)

    with pytest.raises(EmbedderUnavailable, match="There is no embedding model"):
        await embedder.embed(["text"])
    await embedder.aclose()


async def test_a_model_under_another_id_is_refused() -> None:
    embedder = MiniLMEmbedder(model_folder(), embedder_id="minilm-l6-v2/onnx-uint8")

    with pytest.raises(EmbedderUnavailable, match="not minilm-l6-v2/onnx-uint8"):
        await embedder.embed(["text"])
    await embedder.aclose()


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "model.json"])
async def test_a_broken_file_is_an_unavailable_embedder(tmp_path: Path, name: str) -> None:
    for path in model_folder().iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / name).unlink()
    (tmp_path / name).write_text("{}")
    embedder = MiniLMEmbedder(tmp_path)

    with pytest.raises(EmbedderUnavailable, match="does not load"):
        await embedder.embed(["text"])
    await embedder.aclose()


def test_a_folder_without_a_model_has_the_default_id(tmp_path: Path) -> None:
    assert installed_embedder_id(tmp_path) == DEFAULT_EMBEDDER_ID


def test_the_runtime_leaves_no_trace_of_itself_in_the_home_folder(tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, sys\n"
        "from llm_cache_proxy.adapters.embedder.minilm.embedder import MiniLMEmbedder\n"
        "print(len(asyncio.run(MiniLMEmbedder(pathlib.Path(sys.argv[1])).embed(['text']))))"
    )
    # The runtime reports nothing from CI and from tests by itself, which would prove nothing.
    unset = {"CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    done = subprocess.run(
        [sys.executable, "-c", code, str(model_folder())],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "1\n"
    assert list(tmp_path.iterdir()) == []


def test_nothing_heavy_is_imported_before_the_first_text() -> None:
    code = (
        "import sys, llm_cache_proxy.adapters.embedder.minilm.embedder\n"
        "import llm_cache_proxy.adapters.embedder.lambda_function\n"
        "print({'numpy', 'onnxruntime', 'tokenizers', 'boto3', 'botocore'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(model_folder() / "tokenizer.json"))


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet=st.characters(), max_size=60))
def test_no_text_has_more_word_pieces_than_the_bound(tokenizer: Tokenizer, text: str) -> None:
    encoding = tokenizer.encode(encodable(text))

    assert len(encoding.ids) <= most_word_pieces(text)


def test_every_file_of_the_model_is_readable_by_every_user() -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in model_folder().iterdir()}

    assert set(modes.values()) == {0o644}
    assert set(modes) == set(json.loads((MODEL / "model.json").read_bytes())["files"]) | {
        "model.json"
    }


def test_a_complete_folder_is_left_alone_in_a_moment() -> None:
    before = (model_folder() / "model.onnx.data").stat()
    command = [sys.executable, str(ROOT / "functions/embedding/build_model.py")]

    done = subprocess.run(
        [*command, "--out", str(MODEL)], capture_output=True, text=True, check=True, timeout=20
    )

    assert done.stderr == ""
    assert (MODEL / "model.onnx.data").stat().st_ino == before.st_ino
