"""The health of a service whose parts are not the test's subject."""


async def no_health() -> dict[str, object]:
    """All is well, and nothing was tried."""
    return {"status": "ok"}
