"""Settings that are changed on a stack that stands."""

import json

import pytest
from infra.deploy.stack.aws import Aws
from infra.deploy.tuning import tune, tuned

from llm_cache_proxy.domain.errors import SettingsError


def test_settings_are_set_and_taken_out() -> None:
    before = json.dumps({"SIMILARITY_THRESHOLD": "0.9", "DEFAULT_TTL_SECONDS": 60})

    after = json.loads(tuned(before, ["SIMILARITY_THRESHOLD=0.97", "DEFAULT_TTL_SECONDS="]))

    assert after == {"SIMILARITY_THRESHOLD": "0.97"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("SIMILARITY_THRESHOLD=2", "SIMILARITY_THRESHOLD"),
        ("SIMILARITY_TRESHOLD=0.9", "no setting"),
        ("ADMIN_KEY=word", "is a secret"),
        ("SIMILARITY_THRESHOLD", "expected NAME=VALUE"),
    ],
)
def test_what_would_stop_the_functions_is_not_stored(change: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        tuned("", [change])


@pytest.mark.parametrize("stored", ["LOG_LEVEL=DEBUG", "[]", "{"])
def test_what_people_have_stored_wrongly_is_named(stored: str) -> None:
    with pytest.raises(SettingsError, match="TUNING: what is stored is no"):
        tuned(stored, ["LOG_LEVEL=DEBUG"])


def test_a_stack_that_reads_appconfig_is_not_tuned_past_it() -> None:
    with pytest.raises(SettingsError, match="reads it from AppConfig"):
        tune(Aws("us-east-1"), "dev", ["SIMILARITY_THRESHOLD=0.97"], source="a/environment/b")


def test_clients_may_be_let_in_without_keys_by_tuning() -> None:
    assert json.loads(tuned("", ["ACCESS_MODE=open"])) == {"ACCESS_MODE": "open"}


def test_the_steps_in_x_ray_are_switched_on_by_tuning() -> None:
    assert json.loads(tuned("", ["XRAY_STEPS=true"])) == {"XRAY_STEPS": "true"}
