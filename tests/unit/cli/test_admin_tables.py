"""An id is copied from a table: it stands on one line at any width."""

import io
from typing import Any

import pytest
from rich.console import Console

from llm_cache_proxy.cli.admin import tables
from llm_cache_proxy.cli.admin.layout import NOTHING
from llm_cache_proxy.cli.admin.learning import learning_table

ENTRY_ID = "0d580dc4a16cfa81bcba8bbf.1234567890abcdef12345678"
KEY_ID = "a-tenant-with-quite-a-long-name.0123456789abcdef"


def printed(content: Any, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(content, crop=False)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def entries(**changes: object) -> Any:
    entry = {
        "entry": ENTRY_ID,
        "tenant": "default",
        "namespace": "default",
        "model": "llama-3.1-8b-instant",
        "tags": ["nightly", "warmed"],
        "created_at": 1_700_000_000,
        "expires_at": 1_700_003_600,
        "prompt_tokens": 10,
        "completion_tokens": 5,
    }
    return tables.entries([{**entry, **changes}])


def keys() -> Any:
    key: Any = {
        "id": KEY_ID,
        "name": "web shop of the northern branch",
        "status": "active",
        "expires_at": None,
        "revoked_at": None,
        "models": ["gpt-4o-mini", "llama-3.1-8b-instant"],
        "limits": {
            "requests_per_minute": 60,
            "tokens_per_day": 1_000_000,
            "dollars_per_month": 25.0,
        },
        "used": {"tokens_today": 1_234, "dollars_this_month": 0.5},
    }
    return tables.client_keys([key])


@pytest.mark.parametrize("width", [20, 40, 80, 120, 300])
@pytest.mark.parametrize(("content", "identity"), [(entries(), ENTRY_ID), (keys(), KEY_ID)])
def test_an_id_is_never_broken(content: Any, identity: str, width: int) -> None:
    assert identity in printed(content, width)


def test_where_there_is_room_it_is_a_table() -> None:
    [_, head, row] = printed(entries(), 300).splitlines()

    assert head.split()[:3] == ["entry", "tenant", "namespace"]
    assert row.split()[:3] == [ENTRY_ID, "default", "default"]


def test_where_there_is_none_each_value_has_its_name() -> None:
    lines = printed(entries(), 80).splitlines()

    assert ENTRY_ID in lines
    assert any("model llama-3.1-8b-instant" in line for line in lines)
    assert all(len(line) <= 80 for line in lines)


def learned(*groups: int | None) -> Any:
    expected = {"serves": True, "estimate": 0.01, "interval": [0.0, 0.02], "bound": 0.04}
    expected |= {"trusts": False}
    counted = {"seen": 2_000, "labelled": 1_000, "differing": 9, "wrong_interval": [0.0, 0.02]}
    cell = {"rule": None, "band": "0.995-1.000", "served": True, "trusted": False, **counted}
    return {
        **expected,
        "from_memory": False,
        "promise": 0.05,
        "hits": 900,
        "fixed_hits": 800,
        "hit_rate_gained": 0.01,
        "check_rate": 0.5,
        "dollars_spent": 1.5,
        "changes": 0,
        "labels": {"missed": 1_000},
        "judge": {"false_alarms": 0.01, "controls": 2_000},
        "overall": {
            "estimate": 0.0125,
            "interval": [0.001, 0.02],
            "checks": 400,
            "controls": 3_000,
        },
        "parts": [{"group": group, **expected, **counted} for group in groups],
        "turned_away": [{"rule": "numbers", **counted}, {"rule": None, **counted}],
        "cells": [{"group": group, **cell} for group in groups],
    }


def test_groups_that_are_proven_apart_are_told_apart() -> None:
    shown = printed(learning_table(learned(3, None)), 120)

    assert "groups" in shown
    assert "others" in shown


def test_a_tenant_that_is_not_parted_has_no_table_of_groups() -> None:
    shown = printed(learning_table(learned(None)), 120)

    assert "groups" not in shown
    assert "all" in shown


def test_what_is_served_on_trust_is_told_from_what_is_proven() -> None:
    proven, trusting = learned(None), learned(None)
    trusting["trusts"] = trusting["cells"][0]["trusted"] = True
    stopped = learned(None) | {"serves": False}

    shown = [printed(learning_table(each), 120) for each in (proven, trusting, stopped)]

    assert ["on trust" in each for each in shown] == [False, True, False]
    assert "in part on trust" in shown[1]
    assert "no semantic hit is served" in shown[2]


def test_what_is_turned_away_stands_by_its_rule() -> None:
    shown = printed(learning_table(learned(None)), 120)

    assert "numbers" in shown
    assert "too few labels" in shown


def test_checked_hits_of_all_tenants_have_a_line() -> None:
    shown = printed(learning_table(learned(None)), 120)

    assert "over all tenants: estimate 1.25% (95 %: 0.10%–2.00%), 400 checks" in shown


def test_figures_of_one_process_are_told_as_such() -> None:
    remembered = learned(None) | {"from_memory": True, "overall": None}

    shown = [printed(learning_table(each), 120) for each in (learned(None), remembered)]

    assert ["the store does not answer" in each for each in shown] == [False, True]
    assert f"over all tenants: {NOTHING}" in shown[1]
