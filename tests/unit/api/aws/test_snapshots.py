"""What an instance makes anew when it is restored from a snapshot."""

import random
from dataclasses import replace

import httpx
import pytest

from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.api.aws.function_app import AFTER_RESTORE, BEFORE_SNAPSHOT, FunctionApp, Served
from llm_cache_proxy.bootstrap.clients import completions
from llm_cache_proxy.domain.errors import SettingsError
from llm_cache_proxy.settings import Settings

SETTINGS = Settings.model_validate({"redis_url": "redis://127.0.0.1:1", "groq_api_key": "g"})


def served(name: str = "a service", done: list[str] | None = None) -> Served:
    async def close() -> None:
        if done is not None:
            done.append(f"{name} is closed")

    service = replace(completions(SETTINGS), close=close)
    return Served(service, create_app(service))


async def posted(app: FunctionApp, *paths: str) -> list[int]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://function") as client:
        return [(await client.post(path)).status_code for path in paths]


async def test_connections_are_closed_before_the_snapshot_and_a_new_service_serves_after_it() -> (
    None
):
    done: list[str] = []

    def restored() -> Served:
        done.append("another is composed")
        return served("the other", done)

    app = FunctionApp(served("the first", done), restored=restored, prime=lambda: None)

    statuses = await posted(app, BEFORE_SNAPSHOT, AFTER_RESTORE)

    assert statuses == [204, 204]
    assert done == ["the first is closed", "another is composed"]


async def test_everything_is_imported_before_the_snapshot() -> None:
    primed: list[bool] = []
    app = FunctionApp(served(), restored=served, prime=lambda: primed.append(True))

    await posted(app, BEFORE_SNAPSHOT)

    assert primed == [True]


async def test_instances_of_one_snapshot_have_random_numbers_of_their_own() -> None:
    app = FunctionApp(served(), restored=served, prime=lambda: None)
    await posted(app, BEFORE_SNAPSHOT)
    snapshot = random.getstate()
    seeds: list[object] = []

    for _ in range(2):
        random.setstate(snapshot)
        await posted(app, AFTER_RESTORE)
        seeds.append(random.getstate())

    assert seeds[0] != seeds[1]


async def test_an_instance_whose_settings_cannot_be_read_is_not_restored() -> None:
    def restored() -> Served:
        raise SettingsError("SECRETS: cannot be read")

    app = FunctionApp(served(), restored=restored, prime=lambda: None)

    with pytest.raises(SettingsError):
        await posted(app, AFTER_RESTORE)
