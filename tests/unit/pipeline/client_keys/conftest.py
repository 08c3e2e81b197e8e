"""One proxy in memory, two of whose prompts are near."""

import pytest

from unit.pipeline.harness import Harness
from unit.pipeline.keyed import PARAPHRASE, PROMPT


@pytest.fixture
def harness() -> Harness:
    made = Harness()
    made.embedder.set_similarity(PROMPT, PARAPHRASE, 0.94)
    return made
