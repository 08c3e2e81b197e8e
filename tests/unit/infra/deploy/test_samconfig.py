"""How answers are kept in samconfig.toml, and what sam reads there."""

import tomllib
from pathlib import Path

import pytest
from infra.deploy.dialogue.answers import Answers
from infra.deploy.dialogue.questions import NotAnswered
from infra.deploy.dialogue.samconfig import SamConfig

from samples.stack.answers import ANSWERS
from samples.stack.template import ROOT, template

SAMCONFIG = SamConfig(ROOT / "samconfig.toml")


@pytest.mark.parametrize(
    "overrides",
    ['\'A="rate(6 hours)" B=""\'', '["A=rate(6 hours)", "B="]', '{A = "rate(6 hours)", B = ""}'],
    ids=["text", "list", "table"],
)
def test_parameters_are_read_however_the_file_has_them(tmp_path: Path, overrides: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text(f"[dev.deploy.parameters]\nparameter_overrides = {overrides}\n")

    assert SamConfig(path).overrides("dev") == {"A": "rate(6 hours)", "B": ""}


@pytest.mark.parametrize("stage", ["default", "dev", "prod", "local"])
def test_samconfig_names_parameters_that_the_template_has(stage: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    given = " ".join(
        str(command["parameters"].get("parameter_overrides", ""))
        for command in config[stage].values()
    ).split()

    assert given
    assert {word.partition("=")[0] for word in given} <= template()["Parameters"].keys()


def test_answers_are_kept_for_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    config = SamConfig(path)

    config.keep(ANSWERS, {**config.overrides("dev"), **ANSWERS.parameters(), "Revision": "r1"})

    assert config.kept("dev") == {
        "region": "eu-central-1",
        "upstash_url": "https://u.example",
        "qdrant_url": "https://q.example:6333",
        "alarm_address": "me@example.com",
    }
    assert config.overrides("dev")["LogRetentionDays"] == "7"  # what was set by hand stays
    assert "Revision" not in config.overrides("dev")


def test_keeping_answers_leaves_other_stages_and_comments_alone(tmp_path: Path) -> None:
    path = tmp_path / "samconfig.toml"
    before = (ROOT / "samconfig.toml").read_text(encoding="utf-8")
    path.write_text(before)

    SamConfig(path).keep(ANSWERS, ANSWERS.parameters())

    after = path.read_text(encoding="utf-8")
    comments = [line for line in before.splitlines() if line.startswith("#")]
    assert [line for line in after.splitlines() if line.startswith("#")] == comments
    was, now = tomllib.loads(before), tomllib.loads(after)
    assert {k: v for k, v in was.items() if k != "dev"} == {
        k: v for k, v in now.items() if k != "dev"
    }


def test_a_new_stage_gets_tables_of_its_own_and_keeping_twice_changes_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text("version = 0.1\n")
    config = SamConfig(path)
    answers = Answers(stage="eu", region="eu-west-1", upstream_key="k")

    config.keep(answers, answers.parameters())
    once = path.read_text()
    config.keep(answers, config.overrides("eu"))

    assert path.read_text() == once
    assert config.region("eu") == "eu-west-1"
    assert "k" not in once.split("=")


@pytest.mark.parametrize(
    "text",
    ["[dev.deploy.parameters\n", "[dev.deploy.parameters]\nparameter_overrides = 'A=\"x'\n"],
    ids=["no TOML", "no words"],
)
def test_a_file_that_people_have_broken_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text(text)

    with pytest.raises(NotAnswered, match=r"samconfig\.toml: "):
        SamConfig(path).kept("dev")


@pytest.mark.parametrize("value", ['say "hello" to me', "a\\b", "it's"])
def test_a_value_survives_being_kept(tmp_path: Path, value: str) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text("version = 0.1\n")

    SamConfig(path).keep(ANSWERS, {"QdrantUrl": value})

    assert SamConfig(path).overrides("dev") == {"QdrantUrl": value}


@pytest.mark.parametrize("command", ["local_start_api", "local_start_lambda", "local_invoke"])
@pytest.mark.parametrize("environment", ["default", "local"])
def test_sam_local_runs_buffered_with_and_without_a_flag(environment: str, command: str) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))

    given = config[environment][command]["parameters"]["parameter_overrides"]

    assert "ResponseTransferMode=BUFFERED" in given
