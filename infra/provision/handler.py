"""Lambda's entry point of the deployment: provisions, then reports the result to CloudFormation."""
# ruff: noqa: INP001 - Lambda loads handler.py by path, not as a package

from llm_cache_proxy.api.aws.stack_event import Event, stack_function
from llm_cache_proxy.bootstrap.functions.provisioning import provision
from llm_cache_proxy.bootstrap.functions.settings import (
    CLIENT_KEYS,
    STORE_SHAPES,
    function_settings,
)


async def _provision() -> str:
    return await provision(function_settings(CLIENT_KEYS | STORE_SHAPES))


def handler(event: Event, _: object) -> dict[str, str] | None:
    """Answer one event of the custom resource."""
    return stack_function(event, _provision)
