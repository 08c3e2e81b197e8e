"""Deploying to an AWS of this machine: LocalStack, or what speaks like it."""
# ruff: noqa: S603 - starts samlocal, with arguments of its own

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.sam_local.machine import overrides, sam_environment
from infra.tools import program

CREDENTIALS: Mapping[str, str] = {  # which nobody checks there
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com/embedding"


class NotDeployed(Exception):
    """The stack could not be deployed; the message is what samlocal or AWS said."""


@dataclass(frozen=True, slots=True)
class LocalAws:
    """An AWS at `url`, and a stack of that name in it."""

    url: str
    stack: str

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """Boto3's client for a service of it."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=CREDENTIALS["AWS_DEFAULT_REGION"],
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    @property
    def secrets_path(self) -> str:
        """Where the stack's SecureStrings are."""
        return f"/{self.stack}"

    def store_secrets(self, secrets: Mapping[str, str]) -> None:
        """Keep them for the functions, each under its setting's name. Raises NotDeployed."""
        try:
            for name, value in secrets.items():
                self.client("ssm").put_parameter(
                    Name=f"{self.secrets_path}/{name}",
                    Value=value,
                    Type="SecureString",
                    Overwrite=True,
                )
        except (BotoCoreError, ClientError) as exc:
            raise NotDeployed(str(exc)) from exc

    def deploy(self, template: Path, parameters: Mapping[str, str]) -> None:
        """`samlocal deploy`, asking nothing. Raises NotDeployed."""
        done = subprocess.run(
            [
                *(program("sam", "samlocal"), "deploy", "--template-file", str(template)),
                *("--stack-name", self.stack, "--resolve-s3", "--image-repository", REGISTRY),
                *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
                *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
                *overrides({"SecretsPath": self.secrets_path, **parameters}),
            ],
            cwd=template.parent,
            env={**sam_environment(), **CREDENTIALS, "AWS_ENDPOINT_URL": self.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotDeployed(done.stdout)

    def outputs(self) -> dict[str, str]:
        """The outputs of the deployed stack."""
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def api_url(self) -> str:
        """The API's address on this machine, without /v1."""
        api_id = self.outputs()["BaseUrl"].removeprefix("https://").partition(".")[0]
        return f"{self.url}/_aws/execute-api/{api_id}/prod"
