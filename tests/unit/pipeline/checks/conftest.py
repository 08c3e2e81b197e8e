"""What every fact about checks begins with."""

import pytest

from unit.pipeline.learning_harness import LearningHarness, learning


@pytest.fixture
def harness() -> LearningHarness:
    """A promise, and no labels yet."""
    return learning()
