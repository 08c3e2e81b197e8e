"""`make deploy` up to a first deployment: the plan, what stops it, and one that failed."""

from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from infra.deploy.stack.aws import Aws

from integration.cloud.guided.place import SECRETS, Place
from samples.scripted_console import ScriptedConsole

pytestmark = pytest.mark.timeout(1200)  # the first time, the tools are installed


def test_a_dry_run_tries_everything_shows_everything_and_changes_nothing(place: Place) -> None:
    before = place.secret_names()

    status = place.guide(dry_run=True).deploy()

    assert status == 0, place.console.shown
    assert place.console.shown.count("  ok  ") == 5
    assert "stack llm-cache-proxy-dev: not there yet" in place.console.shown
    assert "sam deploy" in place.console.shown
    assert "Nothing was changed" in place.console.shown
    assert not any(secret in place.console.shown for secret in SECRETS.values())
    assert place.secret_names() == before
    assert Aws("us-east-1").outputs("llm-cache-proxy-dev") == {}


def test_a_wrong_key_stops_it_before_anything_is_built(place: Place) -> None:
    place.environment = {**place.environment, "QDRANT_API_KEY": "wrong"}
    try:
        status = place.guide().deploy()
    finally:
        place.environment = {**place.environment, **SECRETS}

    assert status == 1
    assert "FAIL  Qdrant" in place.console.shown
    assert "QDRANT_API_KEY" not in place.secret_names()


@pytest.fixture
def signed_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # which keeps what it has found


@pytest.mark.usefixtures("signed_out")
def test_who_is_not_signed_in_is_told_so_before_more_is_asked(place: Place) -> None:
    console = ScriptedConsole(answers=["dev", "us-east-1"])
    guide = replace(place.guide(), console=console, interactive=True, environment={})

    status = guide.deploy()

    assert status == 1
    assert "FAIL  AWS us-east-1: NoCredentialsError" in console.shown
    assert "sign in to AWS" in console.shown
    assert "GROQ_API_KEY" not in console.shown  # which is kept where nobody may look
    assert [text[0] for text in console.asked] == ["1", "2"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_without_docker_a_plan_is_made_and_nothing_is_deployed(
    place: Place, *, dry_run: bool
) -> None:
    before = place.config.overrides("dev")
    guide = place.guide(dry_run=dry_run)
    tools = replace(place.tools, no_builder=lambda: "its engine does not answer")

    status = replace(guide, tools=tools).deploy()

    assert status == (0 if dry_run else 1)
    assert f"{'note' if dry_run else 'FAIL'}  Docker" in place.console.shown
    assert place.config.overrides("dev") == before
    assert Aws("us-east-1").outputs("llm-cache-proxy-dev") == {}


def stack_id(stack: str) -> str:
    stacks = boto3.client("cloudformation", region_name="us-east-1")
    return str(stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackId"])


def test_a_first_deployment_that_failed_is_not_in_the_way_of_the_next(place: Place) -> None:
    """AWS refuses to change what it left; the emulator would not, so the stack must be another."""
    aws = Aws("us-east-1")
    tuning, stack = "/llm-cache-proxy/second/TUNING", "llm-cache-proxy-second"
    second = replace(place, environment={**place.environment, "STAGE": "second"})
    aws.put(tuning, '{"NO_SUCH_SETTING": "1"}', kind="String")  # no function starts with it

    failed = second.guide().deploy()
    left, failed_id = aws.status(stack), stack_id(stack)
    aws.put(tuning, '{"EXACT_DEADLINE_SECONDS": "5"}', kind="String")
    status = second.guide().deploy()

    assert (failed, left) == (1, "ROLLBACK_COMPLETE")
    assert status == 0, second.console.shown
    assert "200 HIT-EXACT" in second.console.shown
    assert stack_id(stack) != failed_id
