"""Every attack of the catalogue against running servers, and what others saw meanwhile."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from attacks.case import Attack
from attacks.catalogue import GROUPS
from attacks.table import seen_table
from attacks.target import Target, targets
from attacks.watch import Watch

MOST_BYTES = 400_000_000
ATTACKS = [attack for group in GROUPS for attack in group.attacks]
MEDIAN_MS = 50
WORST_MS = 250
SLOW_FRACTION = 0.01
"""Of other clients' requests, how many may take longer than WORST_MS: a machine that runs other
tests beside these takes the process off the processor now and then."""
BUSY = 3
"""On such a machine, so many times what an idle server shows comes on top: it waits for its turns
too, and has less to do in them."""


@pytest.fixture(scope="module")
def seen(watch: Watch) -> Iterator[dict[str, str]]:
    """What each attack that has run got; written where ATTACKS_TABLE says."""
    found: dict[str, str] = {}
    yield found
    if where := os.environ.get("ATTACKS_TABLE"):
        watch.stop()
        said = f"{seen_table(GROUPS, found)}\n\n{watch}\n"
        Path(where).write_text(said, encoding="utf-8")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with targets(tmp_path_factory.mktemp("attacks")) as running:
        yield running


@pytest.fixture(scope="module")
def watch(target: Target) -> Iterator[Watch]:
    with Watch(target.open, target.keyed, idle=target.idle).running() as watching:
        yield watching


def test_there_are_two_hundred_attacks_and_no_two_of_one_name() -> None:
    names = {attack.name for attack in ATTACKS}

    assert len(names) == len(ATTACKS) >= 200


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_gets_what_it_should(
    target: Target, seen: dict[str, str], attack: Attack
) -> None:
    seen[attack.name] = attack.act(target)

    assert seen[attack.name] in attack.outcomes


def test_both_servers_still_run(target: Target) -> None:
    assert target.open.process.poll() is None
    assert target.keyed.process.poll() is None


def test_another_client_was_served_throughout(watch: Watch) -> None:
    watch.stop()

    assert watch.seconds
    assert watch.failures == []
    assert watch.median_ms < MEDIAN_MS + BUSY * watch.idle_median_ms
    assert watch.beyond(WORST_MS) < SLOW_FRACTION + BUSY * watch.idle_beyond(WORST_MS)


def test_the_memory_of_both_servers_stayed_bounded(watch: Watch) -> None:
    watch.stop()

    assert watch.most_bytes < MOST_BYTES
