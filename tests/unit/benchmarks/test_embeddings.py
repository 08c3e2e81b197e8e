"""The benchmark of embedding batches asks for the share of hits that it says, and sees the rest."""

import json
import os

import pytest
import yaml
from benchmarks.questions.requests.embeddings import SHARES, SIZES, Case, Side, Turns
from benchmarks.rig.servers import MODEL, Running, litellm_config
from benchmarks.rig.vectors import VECTOR, VectorsUpstream

from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Send


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", SHARES)
def test_of_a_batch_the_named_share_has_been_asked_before(size: int, share: int) -> None:
    case = Case(size, share)

    one, other = case.inputs(), case.inputs()

    assert len(set(one)) == len(set(other)) == size
    assert len(set(one) & set(other)) == case.hits == size * share // 100


def test_the_upstream_gives_every_text_a_vector_and_counts_the_texts() -> None:
    upstream = VectorsUpstream("e")

    for asked in ("one", ["one", "two", "three"], ["other", "texts", "too"]):
        body = json.dumps({"model": "e", "input": asked}).encode()
        _, said = upstream(Recorded(1, "POST", "/v1/embeddings", "", {}, body))

    assert upstream.inputs == 7
    assert isinstance(said, Send)
    answer = json.loads(said.data)
    assert [each["index"] for each in answer["data"]] == [0, 1, 2]
    assert {each["embedding"] for each in answer["data"]} == {VECTOR}


def test_litellm_holds_what_it_has_written_no_longer_in_memory_than_what_it_has_read() -> None:
    settings = yaml.safe_load(litellm_config("6379", "http://upstream"))["litellm_settings"]

    lifetimes = {name for name in {*settings, *settings["cache_params"]} if "ttl" in name}

    assert lifetimes == {"default_redis_ttl"}
    assert list(settings).index("default_redis_ttl") < list(settings).index("cache")


def test_a_batch_before_a_turn_is_off_the_clock() -> None:
    upstream, case = VectorsUpstream(MODEL), Case(1, 0)

    with ScriptedUpstream(upstream).in_thread() as server:
        running = Running(server.base_url, os.getpid())
        Side("the upstream itself", running, upstream, {}, Turns(8, 8)).turn(case)

    assert upstream.inputs == 8 + 1
    assert case.missed == [1.0]
