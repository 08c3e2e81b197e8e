"""The benchmark of embedding batches asks for the share of hits that it says."""

import pytest
from benchmarks.questions.requests.embeddings import SHARES, SIZES, Case


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("share", SHARES)
def test_of_a_batch_the_named_share_has_been_asked_before(size: int, share: int) -> None:
    case = Case(size, share)

    one, other = case.inputs(), case.inputs()

    assert len(set(one)) == len(set(other)) == size
    assert len(set(one) & set(other)) == case.hits == size * share // 100
