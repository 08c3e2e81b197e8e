"""The workflow that deploys from GitHub answers every question, and holds no key of AWS."""

from typing import Any

import yaml
from infra.deploy.dialogue.questions import QUESTIONS, STAGE

from samples.stack.template import ROOT

TEXT = (ROOT / ".github/workflows/deploy.yml").read_text(encoding="utf-8")
WORKFLOW: Any = yaml.safe_load(TEXT)
JOB: Any = WORKFLOW["jobs"]["deploy"]
ENVIRONMENT: Any = JOB["env"]


def test_each_question_has_a_variable_there_and_each_secret_is_one() -> None:
    for question in (STAGE, *QUESTIONS):
        source = "secrets." if question.secret else ("inputs." if question is STAGE else "vars.")
        assert source in ENVIRONMENT[question.variable], question.variable
    assert "secrets." in ENVIRONMENT["GROQ_API_KEY"]


def test_it_asks_no_question_and_shows_changes_before_it_makes_them() -> None:
    given = WORKFLOW[True]["workflow_dispatch"]["inputs"]  # YAML reads `on` as true

    assert ENVIRONMENT["YES"] == "1"
    assert given["dry_run"]["default"] is True
    assert given["stage"]["default"] == "dev"
    assert [step["run"] for step in JOB["steps"] if "run" in step] == ["make deploy"]


def test_it_takes_a_role_by_oidc_and_no_key() -> None:
    [step] = [step for step in JOB["steps"] if "aws-actions" in step.get("uses", "")]

    assert WORKFLOW["permissions"] == {"contents": "read", "id-token": "write"}
    assert step["with"].keys() == {"role-to-assume", "aws-region"}
    assert "AWS_SECRET_ACCESS_KEY" not in TEXT
    assert JOB["environment"] == ENVIRONMENT["STAGE"]  # whose name the role trusts


def test_two_of_a_stage_never_run_at_once() -> None:
    assert WORKFLOW["concurrency"] == "deploy-${{ inputs.stage }}"
