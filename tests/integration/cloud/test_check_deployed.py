"""`make check-deployed` passes a stack that is well, and fails one that is not."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from infra.check_deployed.__main__ import chosen, main
from infra.check_deployed.checks import FOR_OPERATORS, WITH_A_KEY, WITHOUT_A_KEY, that_write

from servers.proxy.keyed import ADMIN_KEY, MODEL, KeyedProxies, keyed_proxies
from servers.proxy.process import proxy_process
from servers.redis.process import redis_process
from servers.upstream.scripted import ScriptedUpstream

QUESTION = {"model": MODEL, "messages": [{"role": "user", "content": "Is it kept?"}]}


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
    """And loses nothing by it."""
    with redis_process() as url, proxy_process(tmp_path / "open", REDIS_URL=url) as proxy:
        httpx.post(f"{proxy.base_url}/chat/completions", json=QUESTION)
        status = main({"BASE_URL": proxy.base_url})
        again = httpx.post(f"{proxy.base_url}/chat/completions", json=QUESTION)

    assert status == 1
    assert "FAIL  clearing is for operators" in capsys.readouterr().out
    assert again.headers["x-cache"] == "HIT-EXACT"


def test_a_stack_that_is_open_generates_nothing_stores_nothing_and_shows_no_prompt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        ScriptedUpstream().in_thread() as upstream,
        redis_process() as url,
        proxy_process(
            tmp_path / "open",
            REDIS_URL=url,
            UPSTREAM_BASE_URL=upstream.base_url,
            UPSTREAM_API_KEY="sk-upstream",
        ) as proxy,
    ):
        httpx.post(f"{proxy.base_url}/chat/completions", json=QUESTION, timeout=90)
        before = len(upstream.requests)
        status = main({"BASE_URL": proxy.base_url})
        asked = [request.path for request in upstream.requests[before:]]
        entries = httpx.get(f"{proxy.url}/admin/entries").json()["entries"]
        exported = httpx.post(f"{proxy.url}/admin/entries/export", json={}).text

    shown = capsys.readouterr().out
    assert status == 1
    assert "FAIL  chat is for clients: status 504, not 401; nothing more is asked" in shown
    assert shown.count("are for clients") == 0  # the others of a stranger are left out
    assert "FAIL  exporting is for operators: status 200, not 401\n" in shown
    assert asked == []
    assert len(entries) == 1
    assert "Is it kept?" in exported
    assert "Is it kept?" not in shown


@pytest.mark.parametrize("write", ["", "0", "no"])
def test_nothing_is_written_unless_it_is_asked_for(write: str) -> None:
    reading, writing = (len([*chosen({"API_KEY": "k", "WRITE": given})]) for given in (write, "1"))

    assert writing - reading == len(that_write("nonce"))


@pytest.mark.parametrize(("variable", "kept"), [("API_KEY", "ADMIN_KEY"), ("ADMIN_KEY", "API_KEY")])
def test_a_key_that_is_refused_is_named_once(
    environment: dict[str, str], variable: str, kept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({**environment, variable: "sk-wrong"})

    shown = capsys.readouterr()
    assert status == 1
    assert shown.out.count("FAIL") == 1
    assert f"{variable} is refused" in shown.out
    assert "left out" in shown.out
    assert "sk-wrong" not in shown.out + shown.err
    assert environment[kept] not in shown.out + shown.err


def test_where_nobody_answers_that_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"BASE_URL": "http://127.0.0.1:9/v1"}) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "BASE_URL: it cannot be reached" in shown.err


@pytest.mark.parametrize("variable", ["API_KEY", "ADMIN_KEY"])
def test_a_key_that_no_header_carries_is_refused_by_name_and_not_shown(
    variable: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({**environment, variable: "lcp-se\ncret"})

    shown = capsys.readouterr()
    assert status == 2
    assert shown.err == f"{variable}: expected one line of ASCII without spaces\n"
    assert shown.out == ""


def test_a_key_is_taken_without_the_line_that_it_came_in(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main({**environment, "API_KEY": f"{environment['API_KEY']}\n"})

    assert status == 0, capsys.readouterr().out


@pytest.mark.parametrize("address", [{}, {"BASE_URL": "abc123.example/v1"}])
def test_the_address_is_needed(address: dict[str, str]) -> None:
    assert main(address) == 2
