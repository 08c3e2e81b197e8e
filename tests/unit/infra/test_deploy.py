import tomllib

import pytest
from infra.deploy import configured, with_revision

from samples.stack import ROOT, template

SAMCONFIG = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))


def test_a_deployment_has_the_parameters_of_its_environment_and_a_revision() -> None:
    config = {"prod": {"deploy": {"parameters": {"parameter_overrides": 'A="1 2" B=3'}}}}

    assert with_revision(configured(config, "prod"), "r2") == [
        'A="1 2"',
        'B="3"',
        "Revision=r2",
    ]


def test_a_revision_that_was_answered_once_is_not_deployed_again() -> None:
    assert with_revision(["A=1", "Revision=r1"], "r2") == ["A=1", "Revision=r2"]


@pytest.mark.parametrize(
    "overrides",
    ['A="rate(6 hours)" B=""', ["A=rate(6 hours)", "B="], {"A": "rate(6 hours)", "B": ""}],
    ids=["text", "list", "table"],
)
def test_a_value_goes_to_sam_in_quotes_however_the_file_has_it(overrides: object) -> None:
    config = {"dev": {"deploy": {"parameters": {"parameter_overrides": overrides}}}}

    assert configured(config, "dev") == ['A="rate(6 hours)"', 'B=""']


def test_an_environment_without_parameters_has_a_revision_alone() -> None:
    assert with_revision(configured({"dev": {}}, "dev"), "r") == ["Revision=r"]


@pytest.mark.parametrize("environment", ["default", "dev", "prod"])
def test_samconfig_names_parameters_that_the_template_has(environment: str) -> None:
    names = {override.partition("=")[0] for override in configured(SAMCONFIG, environment)}

    assert names
    assert names <= template()["Parameters"].keys()


@pytest.mark.parametrize("command", ["build", "local_start_api", "local_start_lambda"])
def test_the_local_environment_is_the_same_for_each_command(command: str) -> None:
    local = SAMCONFIG["local"]

    assert (
        local[command]["parameters"]["parameter_overrides"]
        == "Architecture=x86_64 ResponseTransferMode=BUFFERED"
    )
