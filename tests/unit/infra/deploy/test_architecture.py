"""For which processor a stack is built."""

import pytest
from infra.deploy.stack.architecture import buildable_architecture, not_buildable
from infra.deploy.stack.sam import build_arguments
from infra.sam_local.machine import architecture

from samples.stack.template import Stack


@pytest.mark.parametrize(
    ("machine", "emulates", "architecture"),
    [
        ("arm64", False, "arm64"),
        ("aarch64", False, "arm64"),
        ("x86_64", True, "arm64"),
        ("AMD64", False, "mixed"),
    ],
)
def test_a_stack_is_built_for_what_this_machine_can_build(
    machine: str, architecture: str, *, emulates: bool
) -> None:
    assert buildable_architecture(machine, emulates=emulates)[0] == architecture


def test_nothing_is_emulated_to_build_packages_for_the_other_processor() -> None:
    arguments = build_arguments({"Architecture": "mixed"})

    image = arguments[arguments.index("--build-image") + 1]
    assert image.endswith(f"-{architecture()}")


@pytest.mark.parametrize(
    ("machine", "chosen", "buildable"),
    [
        ("x86_64", "arm64", False),
        ("x86_64", "mixed", True),
        ("x86_64", "x86_64", True),
        ("aarch64", "arm64", True),
        ("aarch64", "mixed", False),
        ("aarch64", "x86_64", False),
    ],
)
def test_an_image_that_cannot_be_built_here_is_refused_before_anything_is_built(
    machine: str, chosen: str, *, buildable: bool
) -> None:
    """`mixed` may be kept from an x86_64 machine, and deployed by another of arm64."""
    refused = not_buildable(chosen, machine, emulates=False)

    assert (refused is None) == buildable
    assert not_buildable(chosen, machine, emulates=True) is None


@pytest.mark.parametrize(
    ("machine", "chosen", "instead"), [("x86_64", "arm64", "mixed"), ("arm64", "mixed", "arm64")]
)
def test_who_cannot_build_is_given_processors_that_this_machine_can_build_for(
    machine: str, chosen: str, instead: str
) -> None:
    refused = not_buildable(chosen, machine, emulates=False)

    assert refused is not None
    assert f"Or write {instead} in its place in samconfig.toml" in refused
    assert not_buildable(instead, machine, emulates=False) is None


def test_the_embedding_image_alone_may_be_of_another_processor() -> None:
    stack = Stack(Architecture="mixed")
    functions = stack.of_type("AWS::Serverless::Function")

    of_image = functions.pop("EmbeddingFunction")["Architectures"]
    layer = stack.resources["SharedLayer"]
    assert of_image == ["x86_64"]
    assert layer["Metadata"]["BuildArchitecture"] == "arm64"
    assert layer["Properties"]["CompatibleArchitectures"] == ["arm64"]
    assert "EmbeddingFunction" not in functions
