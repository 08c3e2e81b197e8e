"""`make check-deployed` passes a stack that is well, and fails one that is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.check_deployed.__main__ import chosen, main
from infra.check_deployed.checks import FOR_OPERATORS, WITH_A_KEY, WITHOUT_A_KEY

from servers.proxy.keyed import ADMIN_KEY, MODEL, KeyedProxies, keyed_proxies
from servers.proxy.process import proxy_process
from servers.redis.process import redis_process


@pytest.fixture(scope="module")
def proxies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedProxies]:
    with keyed_proxies(tmp_path_factory.mktemp("checked")) as made:
        yield made


@pytest.fixture(scope="module")
def environment(proxies: KeyedProxies) -> dict[str, str]:
    return {
        "BASE_URL": proxies.one.base_url,
        "API_KEY": proxies.key("checks")["key"],
        "ADMIN_KEY": ADMIN_KEY,
        "MODEL": MODEL,
    }


def test_there_are_forty_checks_that_only_read() -> None:
    assert len((*WITHOUT_A_KEY, *WITH_A_KEY, *FOR_OPERATORS)) >= 40


def test_every_check_has_a_name_of_its_own_among_those_of_its_keys() -> None:
    for group in (WITHOUT_A_KEY, WITH_A_KEY, FOR_OPERATORS):
        assert len({check.name for check in group}) == len(group)


def test_a_stack_that_is_well_passes_all_that_read_and_all_that_write(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({**environment, "WRITE": "1"})

    assert status == 0, "\n".join(
        line for line in capsys.readouterr().out.splitlines() if line.startswith("FAIL")
    )


def test_the_upstream_is_not_asked_by_checks_that_only_read(
    proxies: KeyedProxies, environment: dict[str, str]
) -> None:
    before = len(proxies.upstream.requests)

    main(environment)

    asked = [request.path for request in proxies.upstream.requests[before:]]
    assert not [path for path in asked if not path.endswith("/models")]


def test_without_keys_less_is_checked_and_the_rest_is_named(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({"BASE_URL": environment["BASE_URL"]})

    assert status == 0
    assert "More are run with API_KEY" in capsys.readouterr().out
    assert len([*chosen({})]) == len(WITHOUT_A_KEY)


def test_a_stack_without_access_control_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with redis_process() as url, proxy_process(tmp_path / "open", REDIS_URL=url) as proxy:
        status = main({"BASE_URL": proxy.base_url})

    assert status == 1
    assert "FAIL  clearing is for operators" in capsys.readouterr().out


def test_without_a_server_every_check_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"BASE_URL": "http://127.0.0.1:9/v1"}) == 1
    assert "ok  " not in capsys.readouterr().out


def test_the_address_is_needed() -> None:
    assert main({}) == 2
