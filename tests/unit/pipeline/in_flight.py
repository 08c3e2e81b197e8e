"""Requests that lead: held at the upstream until a test lets them go on."""

import asyncio
from typing import Any

from fakes.upstream import GatedUpstream
from unit.pipeline.harness import Harness, ReceivedAnswer


def gated_harness(**parts: Any) -> tuple[Harness, GatedUpstream]:
    upstream = GatedUpstream()
    return Harness(upstream=upstream, **parts), upstream


def other_instance(harness: Harness, **parts: Any) -> tuple[Harness, GatedUpstream]:
    """Another process on the same store, with an upstream of its own."""
    made, upstream = gated_harness(exact=harness.exact, **parts)
    made.proxy.single_flight.pace.saw("m", 0.05)
    return made, upstream


async def in_flight(
    harness: Harness, upstream: GatedUpstream, **changes: Any
) -> asyncio.Task[ReceivedAnswer]:
    """A request that leads, its upstream call under way."""
    task = asyncio.create_task(harness.ask(**changes))
    await upstream.asked.wait()
    return task
