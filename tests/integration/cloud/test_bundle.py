"""Functions that carry the layer themselves, as LocalStack's free edition needs them."""

import subprocess
import sys
from pathlib import Path

import pytest
from infra.localstack.bundle import bundle
from infra.template_file import read_template

from samples.stack.packaged import package_stack

URI = "000000000000.dkr.ecr.us-east-1.amazonaws.com/embedding:latest"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    template = package_stack(tmp_path_factory.mktemp("bundle"), image_uri="none")
    return bundle(template, image_uri=URI)


@pytest.mark.parametrize("function", ["completions", "metrics", "admin"])
def test_a_function_starts_with_nothing_but_its_folder(bundled: Path, function: str) -> None:
    folder = bundled.parent / "functions" / function

    started = subprocess.run(
        [sys.executable, "-S", "-c", "from handler import handler; print(callable(handler))"],
        cwd=folder,
        env={
            "PYTHONPATH": str(folder),
            "REDIS_URL": "redis://127.0.0.1:1",
            "UPSTREAM_BASE_URL": "http://127.0.0.1:1/v1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.stdout == "True\n", started.stderr


def test_no_function_names_a_layer_and_no_layer_is_uploaded(bundled: Path) -> None:
    resources = read_template(bundled)["Resources"]

    assert "SharedLayer" not in resources
    assert not any("Layers" in resource.get("Properties", {}) for resource in resources.values())


def test_the_image_is_named_and_not_built(bundled: Path) -> None:
    embedding = read_template(bundled)["Resources"]["EmbeddingFunction"]["Properties"]

    assert embedding["ImageUri"] == URI


@pytest.mark.parametrize("function", ["metrics", "admin"])
def test_an_operators_function_has_imported_its_stores_before_it_is_called(
    bundled: Path, function: str
) -> None:
    """An import under way blocks the loop, and every store would look as if it were away."""
    folder = bundled.parent / "functions" / function
    said = "print({'qdrant_client.http', 'redis.asyncio'} <= sys.modules.keys())"

    started = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys, handler; {said}"],
        cwd=folder,
        env={
            "PYTHONPATH": str(folder),
            "REDIS_URL": "redis://127.0.0.1:1",
            "QDRANT_URL": "http://127.0.0.1:1",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.stdout == "True\n", started.stderr
