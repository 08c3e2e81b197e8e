"""The role by which API Gateway logs: one for the whole account and region.

A stack that makes one replaces what other APIs log by, and leaves it behind when it goes. So the
role is made where the account has none, and by a stack that is new.
"""

from collections.abc import Mapping

from infra.deploy.stack.aws import Aws
from infra.deploy.stack.standing import is_created_anew

_PARAMETER = "ApiGatewayLogRole"


def log_role(aws: Aws, stack: str, kept: Mapping[str, str]) -> dict[str, str]:
    """The template's parameter, nothing where what is kept stands. Raises AwsError.

    `create` may be kept from a first deployment that failed, and whose role has stayed.
    """
    if kept.get(_PARAMETER) == "existing" or not is_created_anew(aws.status(stack)):
        return {}
    return {_PARAMETER: "existing" if aws.logs_already() else "create"}
