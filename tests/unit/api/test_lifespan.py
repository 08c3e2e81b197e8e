"""How the app ends."""

import asyncio
import io

import pytest
from fastapi import FastAPI

from llm_cache_proxy.adapters.request_sink.console import Console
from llm_cache_proxy.api.app import create_app
from llm_cache_proxy.pipeline.recording.request_events import RequestEvents
from samples.request_events import an_event
from unit.api.service import service_over
from unit.pipeline.harness import PRICES, Harness


async def cut_off(app: FastAPI) -> None:
    """Start and end it as a server does that gets a second signal."""
    async with app.router.lifespan_context(app):
        raise asyncio.CancelledError


async def test_a_server_that_is_cut_off_still_says_what_became_of_its_requests() -> None:
    stream = io.StringIO()
    console = Console(stream, lambda served: served.request_id)
    events = RequestEvents(PRICES, console=console)
    app = create_app(service_over(Harness(), request_events=events))

    console.write(an_event(request_id="before"))
    with pytest.raises(asyncio.CancelledError):
        await cut_off(app)
    console.write(an_event(request_id="after"))

    assert stream.getvalue() == "before\nafter\n"
