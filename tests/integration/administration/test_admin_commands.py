"""Facts about the commands on entries, about stacks, and about the shell."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from fakes.admin import NOW, AdminHarness
from llm_cache_proxy.api.operators.admin_app import create_admin_app
from llm_cache_proxy.api.operators.admin_paths import PATHS
from llm_cache_proxy.cli.admin.client import OUTPUT
from llm_cache_proxy.domain.errors import InvalidRequest
from samples.command_line import run
from samples.stack.template import template
from servers.asgi import serving
from servers.aws.stack import AwsStack, environment

COMMAND = Path(sys.executable).with_name("llm-cache-proxy")


@pytest.fixture
def office() -> AdminHarness:
    return AdminHarness()


@pytest.fixture
async def address(office: AdminHarness) -> AsyncIterator[str]:
    async with serving(create_admin_app(office.administration(), None)) as url:
        yield url


async def test_entries_are_listed_for_people_and_for_scripts(
    office: AdminHarness, address: str
) -> None:
    await office.keep("a", tag="t", namespace="n1")
    await office.keep("b", tenant="other")

    table = await run("entries", "list", "--url", address)
    script = await run("entries", "list", "--json", "--url", address)

    lines = [json.loads(line) for line in script.stdout.splitlines()]
    assert {line["entry"] for line in lines} == {"id-a", "id-b"}
    assert lines[0] == {
        "entry": "id-a",
        "tenant": "default",
        "namespace": "n1",
        "model": "m",
        "tags": ["t"],
        "created_at": int(NOW),
        "expires_at": int(NOW) + 3600,
        "prompt_tokens": 10,
        "completion_tokens": 5,
    }
    assert "id-b" in table.stdout
    assert (table.exit_code, script.exit_code) == (0, 0)


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        (["--tag", "t"], {"id-a"}),
        (["--tenant", "other"], {"id-b"}),
        (["--namespace", "nowhere"], set()),
        (["--older-than", "1h"], {"id-old"}),
    ],
)
async def test_a_list_shows_what_was_selected(
    office: AdminHarness, address: str, options: list[str], listed: set[str]
) -> None:
    await office.keep("a", tag="t")
    await office.keep("b", tenant="other")
    await office.keep("old", created_at=int(NOW) - 4_000)

    script = await run("entries", "list", "--json", "--url", address, *options)

    assert {json.loads(line)["entry"] for line in script.stdout.splitlines()} == listed


async def test_a_list_goes_over_its_pages_and_reports_that_there_is_more(
    office: AdminHarness, address: str
) -> None:
    for number in range(7):
        await office.keep(f"e{number}", tenant=f"tenant-{number % 3}")

    first = await run("entries", "list", "--json", "--limit", "100", "--url", address)
    short = await run("entries", "list", "--limit", "2", "--url", address)

    assert len(first.stdout.splitlines()) == 7
    assert "There are more than these 2" in short.stderr


async def test_an_entry_is_shown_and_its_texts_only_when_they_are_requested(
    office: AdminHarness, address: str
) -> None:
    await office.keep("secret prompt")

    plain = await run("entries", "show", "id-secret prompt", "--json", "--url", address)
    whole = await run("entries", "show", "id-secret prompt", "--texts", "--url", address)
    missing = await run("entries", "show", "nothing", "--url", address)

    assert "prompt" not in json.loads(plain.stdout)
    assert "secret prompt" in whole.stdout
    assert (missing.exit_code, "no such entry" in missing.stderr) == (1, True)


@pytest.mark.parametrize("duration", ["7", "1 week", "-3d", "d"])
async def test_a_duration_that_is_none_is_a_wrong_command_line(duration: str) -> None:
    result = await run("clear", "--older-than", duration, "--yes")

    assert result.exit_code == 2
    assert "45s, 30m, 12h or 7d" in result.stderr


async def test_a_cursor_that_was_never_given_is_refused(office: AdminHarness) -> None:
    for cursor in ("x", "WzFd", "W251bGwsIG51bGwsIFtdXQ=="):
        with pytest.raises(InvalidRequest):
            await office.administration().perform({"action": "entries", "cursor": cursor})


async def test_a_stack_is_called_by_its_name_and_needs_no_key(office: AdminHarness) -> None:
    await office.keep("a", tag="old")
    await office.keep("b")

    async def handler(event: Any, _: Any) -> Any:
        return await office.administration().perform(event)

    stack = AwsStack("my-cache", {"AdminFunctionName": "my-cache-admin"}, handler)
    async with serving(stack.app) as url:
        env = environment(url)
        listed = await run("entries", "list", "--json", "--stack", "my-cache", env=env)
        cleared = await run("clear", "--tag", "old", "--stack", "my-cache", input="y\n", env=env)
        absent = await run("stats", "--stack", "another", env=env)

    assert len(listed.stdout.splitlines()) == 2, listed.output
    assert cleared.exit_code == 0, cleared.output
    assert "at the stack my-cache?" in cleared.stderr
    assert await office.held() == (1, 1)
    assert (absent.exit_code, "another does not exist" in absent.stderr) == (1, True)


async def test_what_a_stacks_function_says_is_reported() -> None:
    async def handler(event: Any, _: Any) -> Any:
        if event["action"] == "health":
            return {"error": {"message": "This cannot be done."}}
        raise RuntimeError("out of memory")

    stack = AwsStack("s", {"AdminFunctionName": "s-admin"}, handler)
    strange = AwsStack("s", {"Something": "else"}, handler)
    async with serving(stack.app) as url, serving(strange.app) as elsewhere:
        refused = await run("health", "--stack", "s", env=environment(url))
        failed = await run("stats", "--stack", "s", env=environment(url))
        no_proxy = await run("stats", "--stack", "s", env=environment(elsewhere))

    assert "This cannot be done." in refused.stderr
    assert "out of memory" in failed.stderr
    assert "is it an LLM Cache Proxy?" in no_proxy.stderr
    assert {refused.exit_code, failed.exit_code, no_proxy.exit_code} == {1}


async def test_aws_that_cannot_be_reached_exits_with_3() -> None:
    result = await run("stats", "--stack", "s", env=environment("http://127.0.0.1:1"))

    assert result.exit_code == 3
    assert "AWS_PROFILE" in result.stderr


def test_the_template_gives_the_output_that_stacks_are_found_by() -> None:
    assert OUTPUT in template()["Outputs"]


async def test_every_path_is_an_action_that_there_is(office: AdminHarness) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await office.administration().perform({"action": "dance"})

    assert all(f" {action}" in refused.value.message for _, action in PATHS.values())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_completes_commands(shell: str) -> None:
    script = subprocess.run(
        [COMMAND],
        env={**os.environ, "_LLM_CACHE_PROXY_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    words = "llm-cache-proxy admin e"
    completed = subprocess.run(
        [COMMAND],
        env={
            **os.environ,
            "_LLM_CACHE_PROXY_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": "e" if shell == "fish" else "2",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert "_LLM_CACHE_PROXY_COMPLETE" in script.stdout
    assert {"entries", "explain", "export"} <= set(completed.stdout.replace(",", "\n").split())
