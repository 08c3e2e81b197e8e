"""How a function for operators starts, and what it does when its settings change."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, NamedTuple

from llm_cache_proxy.bootstrap.functions.priming import prime_everything
from llm_cache_proxy.bootstrap.functions.settings import operator_settings
from llm_cache_proxy.bootstrap.functions.settings_watch import SettingsWatch
from llm_cache_proxy.settings import Settings

Handler = Callable[[Any, Any], dict[str, Any]]
"""Lambda's: an event and a context to an answer, all of them as Lambda shapes them."""


class Composed(NamedTuple):
    """A handler over stores, and the function that closes them."""

    handler: Handler
    close: Callable[[], Awaitable[None]]


def operator_function(
    compose: Callable[[Settings], Composed], *, unread: Collection[str] = ()
) -> Handler:
    """The function's handler, composed anew where its settings change. Raises SettingsError."""
    read = partial(operator_settings, unread)
    settings = read()
    # At the start Lambda gives a whole processor; later an import exceeds a store's deadline.
    prime_everything(settings)
    watch = SettingsWatch(settings, read)
    composed = compose(settings)

    def handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's shapes
        nonlocal composed
        if watch.is_due and (changed := watch.changed()):
            before, composed = composed, compose(changed)
            asyncio.get_event_loop().run_until_complete(before.close())
        return composed.handler(event, context)

    return handler
