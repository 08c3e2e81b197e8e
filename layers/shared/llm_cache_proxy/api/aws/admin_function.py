"""The admin function's two ways in: HTTP through Mangum, and a direct invocation.

A direct invocation, which IAM has allowed, is the action itself: `{"action": "stats"}`; so is
the event of a schedule. A request that cannot be served answers with OpenAI's error object; a
store that does not answer fails the invocation, so that Lambda counts and retries it.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from llm_cache_proxy.administration import Administration
from llm_cache_proxy.domain.errors import RequestRefused, openai_error

Handler = Callable[[Any, Any], dict[str, Any]]
"""Lambda's: an event and a context to an answer, all of them as Lambda shapes them."""


def admin_function(administration: Administration, http: Handler) -> Handler:
    """The function's handler; `http` serves the events that are HTTP requests."""

    def handler(event: Any, context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's shapes
        if not isinstance(event, Mapping) or "action" not in event:
            return http(event, context)
        # The loop that Mangum uses as well: connections of one cannot be used from another.
        return asyncio.get_event_loop().run_until_complete(_performed(administration, event))

    return handler


async def _performed(
    administration: Administration, action: Mapping[str, object]
) -> dict[str, Any]:
    try:
        return await administration.perform(action)
    except RequestRefused as exc:
        return openai_error(exc.message, exc.error_type, param=exc.param, code=exc.code)
