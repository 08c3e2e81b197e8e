"""The benchmark of embedding batches asks for the share of hits that it says, and sees the rest."""

import json

import pytest
from benchmarks.questions.requests.embeddings import SHARES, SIZES, Case
from benchmarks.rig.vectors import VECTOR, VectorsUpstream

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
