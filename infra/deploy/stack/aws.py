"""AWS as the deployment sees it: secrets, the stack's outputs, its functions, old versions.

Credentials are those of the AWS command line; `AWS_ENDPOINT_URL` aims at an emulator. Secrets
travel in a request's body, and are nobody's argument.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    SSOError,
    TokenRetrievalError,
)

AwsError = (BotoCoreError, ClientError)
_CONFIG = Config(connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 3})
_GENERATED = ("ADMIN_KEY", "KEY_SIGNING_SECRET")
_WAITING = {"Delay": 5, "MaxAttempts": 120}


_SIGNED_OUT = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired",
                         "InvalidClientTokenId", "UnrecognizedClientException"})  # fmt: skip
_SIGN_IN = "sign in to AWS (aws sso login, or aws configure), and run again"


def reason(exc: Exception) -> str:
    """What AWS said in a line, and what to do where that is known."""
    said = f"{type(exc).__name__}: {exc}"
    if isinstance(exc, EndpointConnectionError):
        return f"{said}; is the region spelled right, and is AWS reached from here?"
    no_session = isinstance(exc, (NoCredentialsError, SSOError, TokenRetrievalError))
    if no_session or (isinstance(exc, ClientError) and _code(exc) in _SIGNED_OUT):
        return f"{said}; {_SIGN_IN}"
    return said


def _code(exc: ClientError) -> str:
    return str(exc.response["Error"]["Code"])


def status_in(described: Mapping[str, Any] | None) -> str | None:
    """CloudFormation's word for the stack; None where there is none."""
    return None if described is None else str(described["StackStatus"])


@dataclass(frozen=True, slots=True)
class Aws:
    """An account in a region."""

    region: str

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Boto3's client."""
        return boto3.client(service, region_name=self.region, config=_CONFIG)

    def account(self) -> str:
        """The account's number. Raises AwsError where there are no credentials."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def secret(self, name: str) -> str:
        """A stored secret; nothing where there is none. Raises AwsError where it cannot be read."""
        return str(self._parameter(name).get("Value", ""))

    def kind(self, name: str) -> str:
        """A stored parameter's type; nothing where there is none. Raises AwsError."""
        return str(self._parameter(name).get("Type", ""))

    def _parameter(self, name: str) -> dict[str, Any]:
        try:
            found = self.client("ssm").get_parameter(Name=name, WithDecryption=True)
        except ClientError as exc:
            if _code(exc) == "ParameterNotFound":
                return {}
            raise
        return dict(found["Parameter"])

    def secret_if_readable(self, name: str) -> str:
        """The same for a question's default: nothing, too, where it cannot be read."""
        try:
            return self.secret(name)
        except AwsError:
            return ""

    def keep_secrets(self, path: str, given: Mapping[str, str]) -> list[str]:
        """Store those that differ; their names. Raises AwsError."""
        changed = [name for name, value in given.items() if self.secret(f"{path}/{name}") != value]
        for name in changed:
            self.put(f"{path}/{name}", given[name], kind="SecureString")
        return changed

    def generate_secrets(self, path: str) -> list[str]:
        """Make those keys of the stack's own that are not there yet; their names.

        One that another deployment has made meanwhile stands. Raises AwsError.
        """
        missing = [name for name in _GENERATED if not self.secret(f"{path}/{name}")]
        return [name for name in missing if self._generated(f"{path}/{name}")]

    def _generated(self, name: str) -> bool:
        try:
            self.put(name, secrets.token_hex(32), kind="SecureString", replace=False)
        except ClientError as exc:
            if _code(exc) == "ParameterAlreadyExists":
                return False
            raise
        return True

    def put(self, name: str, value: str, *, kind: str, replace: bool = True) -> None:
        """Store a parameter. Raises AwsError, also where one is there that may not be replaced."""
        self.client("ssm").put_parameter(Name=name, Value=value, Type=kind, Overwrite=replace)

    def forget(self, path: str, names: Iterable[str]) -> None:
        """Delete parameters; those that are not there are no error. Raises AwsError."""
        listed = [f"{path}/{name}" for name in names]
        if listed:
            self.client("ssm").delete_parameters(Names=listed)

    def parameters_below(self, path: str) -> list[str]:
        """The names of a stage's parameters. Raises AwsError."""
        pages = self.client("ssm").get_paginator("get_parameters_by_path").paginate(Path=path)
        return [str(found["Name"]) for page in pages for found in page["Parameters"]]

    def logs_already(self) -> bool:
        """Whether the account's API Gateway has a role for its logs. Raises AwsError."""
        return bool(self.client("apigateway").get_account().get("cloudwatchRoleArn"))

    def status(self, stack: str) -> str | None:
        """CloudFormation's word for it; None where there is no such stack. Raises AwsError."""
        return status_in(self.described(stack))

    def outputs(self, stack: str) -> dict[str, str]:
        """What the stack tells; nothing where there is no such stack. Raises AwsError."""
        found = (self.described(stack) or {}).get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def parameters(self, stack: str) -> dict[str, str]:
        """What the stack was deployed with; nothing where there is none. Raises AwsError."""
        found = (self.described(stack) or {}).get("Parameters", [])
        return {one["ParameterKey"]: one.get("ParameterValue", "") for one in found}

    def delete(self, stack: str) -> None:
        """Delete a stack and wait until it is gone. Raises AwsError."""
        stacks = self.client("cloudformation")
        stacks.delete_stack(StackName=stack)
        stacks.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig=_WAITING)

    def described(self, stack: str) -> dict[str, Any] | None:
        """CloudFormation's description; None where there is no such stack. Raises AwsError."""
        try:
            described = self.client("cloudformation").describe_stacks(StackName=stack)
        except ClientError as exc:
            if _code(exc) == "ValidationError" and "does not exist" in str(exc):
                return None
            raise
        return dict(described["Stacks"][0])

    def act(self, function: str, action: Mapping[str, object]) -> dict[str, Any]:
        """The admin function's answer to an action. Raises AwsError, and ActionFailed."""
        reply = self.client("lambda").invoke(
            FunctionName=function, Qualifier="live", Payload=json.dumps(action).encode()
        )
        answer = json.loads(reply["Payload"].read())
        if not isinstance(answer, dict) or "error" in answer or "errorMessage" in answer:
            raise ActionFailed(f"{function}: {json.dumps(answer)[:500]}")
        return answer


class ActionFailed(Exception):
    """A deployed function did not do what it was asked; the message is its answer."""
