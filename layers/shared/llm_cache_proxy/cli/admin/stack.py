"""A call of the command line to a stack's admin function, which IAM allows or not.

Decides how the function is found: by the output that the template gives it.
"""

import json
from typing import Any

from llm_cache_proxy.cli.admin.failures import CallFailed, NobodyAnswers, message_in
from llm_cache_proxy.domain.json_text import JsonObject

OUTPUT = "AdminFunctionName"
"""The output of template.yaml that names the admin function."""


def invoked(stack: str, action: JsonObject, timeout_seconds: float) -> JsonObject:
    """The answer to an action. Raises CallFailed, with what to do about it."""
    # Half a second that only calls to a stack pay for.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        return _invoked(stack, action, timeout_seconds)
    except ClientError as exc:
        error = exc.response.get("Error", {})
        said = error.get("Message", "no reason given")
        raise CallFailed(f"AWS refused the call ({error.get('Code')}): {said}") from exc
    except BotoCoreError as exc:
        raise NobodyAnswers(
            f"AWS could not be called: {exc}\nCredentials and region are those of the AWS command "
            "line: AWS_PROFILE, AWS_REGION."
        ) from exc


def _invoked(stack: str, action: JsonObject, timeout_seconds: float) -> JsonObject:
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=5, read_timeout=timeout_seconds, retries={"total_max_attempts": 1}
    )
    [found] = boto3.client("cloudformation", config=config).describe_stacks(StackName=stack)[
        "Stacks"
    ]
    name = _output(stack, found.get("Outputs", []))
    reply = boto3.client("lambda", config=config).invoke(
        FunctionName=name, Payload=json.dumps(action).encode()
    )
    answer = json.loads(reply["Payload"].read())
    if reply.get("FunctionError"):
        said = answer.get("errorMessage") if isinstance(answer, dict) else None
        raise CallFailed(f"The function {name} failed: {said or answer}")
    if not isinstance(answer, dict):
        raise CallFailed(f"{name} answered with something else than an object.")
    if "error" in answer:
        raise CallFailed(message_in(answer))
    return answer


def _output(stack: str, outputs: list[dict[str, Any]]) -> str:
    for output in outputs:
        if output["OutputKey"] == OUTPUT:
            return str(output["OutputValue"])
    raise CallFailed(f"The stack {stack} has no output {OUTPUT}: is it an LLM Cache Proxy?")
