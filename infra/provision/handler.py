"""Lambda's entry point of the deployment: provisions, then reports the result to CloudFormation."""
# ruff: noqa: INP001 - Lambda loads handler.py by path, not as a package

from llm_cache_proxy.api.aws.stack_event import Event, stack_function
from llm_cache_proxy.bootstrap.functions.provisioning import provision
from llm_cache_proxy.bootstrap.functions.settings import function_settings


async def _provision() -> str:
    return await provision(function_settings())


def handler(event: Event, _: object) -> dict[str, str] | None:
    """Answer one event of the custom resource."""
    return stack_function(event, _provision)
