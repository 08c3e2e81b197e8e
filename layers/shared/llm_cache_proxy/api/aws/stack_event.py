"""A CloudFormation custom resource: one answer to every event, whatever happens.

A stack that gets no answer waits until its timeout, so a failure is an answer too. Removing the
resource removes nothing: the entries outlive a stack that is replaced.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from llm_cache_proxy.domain.errors import ProxyError
from llm_cache_proxy.domain.json_text import compact_text

Event = Mapping[str, Any]
"""CloudFormation's, as Lambda parsed it."""

_log = logging.getLogger(__name__)
_TIMEOUT_SECONDS = 10.0
_REASON_CHARACTERS = 1_000  # the whole answer may have 4,096 bytes


def stack_function(event: Event, provision: Callable[[], Awaitable[str]]) -> dict[str, str] | None:
    """Run `provision` where the resource is created or changed, and put the outcome's URL.

    Another event, such as the console's test event, is answered with what is expected. Raises
    httpx.HTTPError where CloudFormation cannot be reached.
    """
    if "ResponseURL" not in event:
        return {"message": "Nothing was done: this is no event of a CloudFormation resource."}
    asyncio.run(_answered(event, provision))
    return None


async def _answered(event: Event, provision: Callable[[], Awaitable[str]]) -> None:
    status, reason = "SUCCESS", "nothing is removed"
    if event["RequestType"] != "Delete":
        try:
            reason = await provision()
        except ProxyError as exc:
            status, reason = "FAILED", str(exc)
        except Exception as exc:  # noqa: BLE001 - an answer is owed whatever went wrong
            _log.exception("provisioning failed")
            status, reason = "FAILED", f"{type(exc).__name__}; the function's log has more"
    _log.warning("%s: %s", status, reason)
    answer = {
        "Status": status,
        "Reason": reason[:_REASON_CHARACTERS],
        "PhysicalResourceId": event.get("PhysicalResourceId", event["LogicalResourceId"]),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
    }
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
        # Without a content type: the URL is signed for none.
        response = await client.put(event["ResponseURL"], content=compact_text(answer).encode())
        response.raise_for_status()
