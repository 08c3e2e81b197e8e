"""One proxy in memory whose upstream embeds."""

import pytest

from unit.pipeline.embeddings_harness import EmbeddingsHarness


@pytest.fixture
def harness() -> EmbeddingsHarness:
    return EmbeddingsHarness()
