"""Secrets out of AWS Systems Manager's SecureString parameters, in one batched call.

Decides that a parameter which does not exist is a setting that is not set. Never keeps a value
beyond the call: a restored snapshot, and a rotation, ask again.
"""

from collections.abc import Sequence
from typing import Protocol

from llm_cache_proxy.domain.errors import SettingsError

_ATTEMPTS = 2


class Client(Protocol):
    """What is needed of boto3's SSM client."""

    def get_parameters(self, *, Names: list[str], WithDecryption: bool) -> dict[str, object]:  # noqa: N803
        """https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html."""
        ...


def ssm_client(timeout_seconds: float) -> Client:
    """Boto3's SSM client for the environment's region, endpoint and credentials."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=timeout_seconds,
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": _ATTEMPTS},
    )
    client: Client = boto3.client("ssm", config=config)
    return client


def ssm_secrets(
    names: Sequence[str], *, timeout_seconds: float = 2.0, client: Client | None = None
) -> dict[str, str]:
    """Each setting's name (the last part of a parameter's) and its value.

    `timeout_seconds` bounds each of two attempts. Raises SettingsError where the values cannot
    be had; the message has no value in it.
    """
    from aws_lambda_powertools.utilities.parameters import (
        SSMProvider,
    )

    try:
        provider = SSMProvider(boto3_client=client or ssm_client(timeout_seconds))
        found = provider.get_parameters_by_name(
            {name: {} for name in names}, decrypt=True, raise_on_error=False
        )
    except Exception as exc:  # boto3's errors share no narrower ancestor
        raise SettingsError(f"SECRETS: {', '.join(names)} cannot be read: {exc}") from exc
    return {name.rsplit("/", 1)[-1]: str(found[name]) for name in names if name in found}
