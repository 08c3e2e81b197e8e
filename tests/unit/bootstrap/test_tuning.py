"""TUNING: settings in one JSON object, and when it is read again."""

from collections.abc import Callable

import pytest

from llm_cache_proxy.bootstrap.functions.settings_watch import EVERY_SECONDS, SettingsWatch
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings, read_settings


def tuned(text: str) -> Settings:
    return read_settings({"TUNING": text})


def test_a_setting_comes_from_the_object() -> None:
    settings = tuned('{"SIMILARITY_THRESHOLD": 0.97, "SEMANTIC_CACHE": false}')

    assert settings.similarity_threshold == 0.97
    assert settings.semantic_cache is False


def test_the_object_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCESS_MODE", "keyed")

    assert tuned('{"ACCESS_MODE": "open"}').access_mode == "open"


def test_a_variable_holds_the_object_where_no_secret_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNING", '{"DEFAULT_TTL_SECONDS": 60}')

    assert read_settings().default_ttl_seconds == 60


@pytest.mark.parametrize("text", ["", "{}", '{"SIMILARITY_THRESHOLD": null}'])
def test_what_is_not_named_keeps_its_default(text: str) -> None:
    assert tuned(text).similarity_threshold is None


def test_several_upstreams_may_stand_in_it_as_they_are() -> None:
    settings = tuned('{"UPSTREAMS": [{"name": "a", "base_url": "http://a/v1"}]}')

    assert settings.upstreams is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "TUNING: expected a JSON object"),
        ("[]", "TUNING: expected a JSON object"),
        ('{"SIMILARITY_TRESHOLD": 1}', "no setting; SIMILARITY_THRESHOLD may be meant"),
        ('{"similarity_threshold": 1}', "no setting; SIMILARITY_THRESHOLD may be meant"),
        ('{"ADMIN_KEY": "a"}', "ADMIN_KEY is a secret"),
        ('{"SIMILARITY_THRESHOLD": 2}', "SIMILARITY_THRESHOLD"),
    ],
)
def test_what_is_wrong_in_it_stops_the_start(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        tuned(text)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def watch(clock: Clock, read: Callable[[], Settings]) -> SettingsWatch:
    return SettingsWatch(tuned("{}"), read, now=clock)


def test_settings_are_due_a_minute_after_they_were_read() -> None:
    clock = Clock()
    watching = watch(clock, lambda: tuned("{}"))

    clock.seconds = EVERY_SECONDS - 1
    early = watching.is_due
    clock.seconds = EVERY_SECONDS
    late = watching.is_due

    assert (early, late) == (False, True)


def test_settings_that_are_read_are_not_due_for_another_minute() -> None:
    clock = Clock()
    watching = watch(clock, lambda: tuned("{}"))
    clock.seconds = EVERY_SECONDS

    watching.changed()

    assert not watching.is_due


def test_a_change_is_seen_once() -> None:
    strict = tuned('{"SIMILARITY_THRESHOLD": 0.99}')
    watching = watch(Clock(), lambda: strict)

    assert [watching.changed(), watching.changed()] == [strict, None]


def test_a_restored_instance_sees_a_change_back_to_what_its_snapshot_held() -> None:
    clock = Clock()
    snapshot, at_the_restore = tuned("{}"), tuned('{"SIMILARITY_THRESHOLD": 0.99}')
    watching = SettingsWatch(snapshot, lambda: snapshot, now=clock)
    clock.seconds = EVERY_SECONDS

    watching.restart(at_the_restore)

    assert not watching.is_due
    assert watching.changed() == snapshot


def test_what_cannot_be_read_changes_nothing_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watching = watch(Clock(), lambda: tuned("{"))

    assert watching.changed() is None
    assert "TUNING: expected a JSON object" in caplog.text
