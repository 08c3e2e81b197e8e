"""Facts about the probes: what they ask, and that they can find a fault."""

import json

import pytest

from llm_cache_proxy.domain.probing import Asker, Observed, Probe, Risk, probes

ALL = {probe.name: probe for probe in probes("m", "nonce-1", other_key=True)}


def answers(probe: Probe, told_by: str) -> list[Observed]:
    """Every step of a probe answered with one and the same whole answer."""
    return [
        Observed(
            200, "application/json", told_by, "same", "length", terminated=True, cache_header=None
        )
        for _ in probe.steps
    ]


def test_every_probe_has_a_name_of_its_own() -> None:
    assert len(ALL) == len(probes("m", "nonce-1", other_key=True))


@pytest.mark.parametrize("name", ALL)
def test_requests_name_the_model_and_carry_the_runs_nonce(name: str) -> None:
    for step in ALL[name].steps:
        assert step.fields["model"] == "m"
        assert "nonce-1" in json.dumps(step.fields)


@pytest.mark.parametrize("name", sorted(set(ALL) - {"repeat", "paraphrase", "spelling"}))
def test_a_cache_that_gives_everybody_one_answer_is_found_out(name: str) -> None:
    probe = ALL[name]

    found = probe.judge(answers(probe, "id-1"))

    assert found.risk is (Risk.UNCLEAR if name == "error" else Risk.UNSAFE)


def test_steps_of_a_probe_that_must_differ_are_different_requests() -> None:
    identical = {
        name
        for name, probe in ALL.items()
        if all(step == probe.steps[0] for step in probe.steps[1:])
    }

    assert identical == {"repeat", "cut-answer", "error"}


def test_two_spellings_are_one_request() -> None:
    one, other = ALL["spelling"].steps

    assert one.fields == other.fields
    assert json.dumps(one.fields) != json.dumps(other.fields)
    assert (one.reversed_keys, other.reversed_keys) == (False, True)


def test_two_clients_are_probed_only_where_there_are_two_keys() -> None:
    alone = {probe.name for probe in probes("m", "nonce-1", other_key=False)}

    assert [step.asker for step in ALL["tenants"].steps] == [Asker.FIRST, Asker.OTHER]
    assert set(ALL) - alone == {"tenants"}
