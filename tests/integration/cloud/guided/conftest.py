"""A place of its own for each file."""

from collections.abc import Iterator

import pytest

from integration.cloud.guided.place import Place, place_in


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place_in(tmp_path_factory.mktemp("guided")) as made:
        yield made
