"""What answers become: parameters, secrets and command lines."""

from dataclasses import replace
from pathlib import Path

import pytest
from infra.deploy.dialogue.answers import Answers
from infra.deploy.stack.sam import build_arguments, delete_arguments, deploy_arguments

from samples.stack.answers import ANSWERS, SECRET_VALUES
from samples.stack.template import template


def test_answers_are_parameters_that_the_template_has() -> None:
    assert ANSWERS.parameters().keys() <= template()["Parameters"].keys()


@pytest.mark.parametrize(
    ("url", "name"), [("", "GROQ_API_KEY"), ("https://api.openai.com/v1", "UPSTREAM_API_KEY")]
)
def test_the_upstreams_key_is_kept_under_the_name_that_its_url_asks_for(
    url: str, name: str
) -> None:
    answers = Answers(stage="dev", region="r", upstream_base_url=url, upstream_key="k")

    assert answers.secrets() == {name: "k"}


@pytest.mark.parametrize(
    ("answers", "unused"),
    [
        (ANSWERS, {"UPSTREAM_API_KEY"}),
        (replace(ANSWERS, upstream_base_url="https://api.example/v1"), set[str]()),
        (
            replace(ANSWERS, upstash_url="", upstash_token=""),
            {"UPSTREAM_API_KEY", "UPSTASH_REDIS_REST_TOKEN"},
        ),
    ],
)
def test_a_key_without_its_url_is_deleted(answers: Answers, unused: set[str]) -> None:
    assert answers.unused_secrets() == unused


def test_no_command_line_holds_a_secret() -> None:
    overrides = {**ANSWERS.parameters(), "Revision": "r"}

    lines = str(
        [
            build_arguments(overrides),
            deploy_arguments(ANSWERS, overrides, Path("t"), ()),
            delete_arguments(ANSWERS.stack, ANSWERS.region),
        ]
    )

    assert "u.example" in lines
    assert not any(value in lines for value in SECRET_VALUES)


def test_a_value_goes_to_sam_in_quotes() -> None:
    arguments = build_arguments({"A": "rate(6 hours)", "B": "", "C": 'say "x"'})

    assert arguments[-3:] == ['A="rate(6 hours)"', 'B=""', 'C="say \\"x\\""']
