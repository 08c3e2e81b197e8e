"""The role by which API Gateway logs: one for the whole account and region.

A stack that makes one replaces what other APIs log by, and leaves it behind when it goes. So the
role is made where the account has none, and by a stack that is new.
"""

from collections.abc import Mapping

from infra.deploy.stack.aws import Aws

_PARAMETER = "ApiGatewayLogRole"
_NEW = (None, "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")
"""No resource stands: there is no stack, its first change set failed, or its creation did."""


def log_role(aws: Aws, stack: str, kept: Mapping[str, str]) -> dict[str, str]:
    """The template's parameter, nothing where what is kept stands. Raises AwsError.

    `create` may be kept from a first deployment that failed, and whose role has stayed.
    """
    if kept.get(_PARAMETER) == "existing" or aws.status(stack) not in _NEW:
        return {}
    return {_PARAMETER: "existing" if aws.logs_already() else "create"}
