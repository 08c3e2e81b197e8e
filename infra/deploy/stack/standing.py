"""What CloudFormation's word for a stack allows, read before anything is built.

A stack that is being changed, or that CloudFormation gave up on, refuses a deployment, and would
only say so after minutes of building. Each refusal says what to do about it.
"""

from collections.abc import Mapping
from typing import Any

_NEVER_DEPLOYED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
"""A creation that failed: it serves nobody, and CloudFormation changes none of these."""
_REVIEWED = "REVIEW_IN_PROGRESS"
"""A first change set that was not carried out; the next deployment makes another."""


_OF_OURS = "SecretsPath"
"""A parameter of each stack of this template, whoever deployed it and by whichever command."""


def foreign(described: Mapping[str, Any] | None) -> str | None:
    """Why the stack may be neither changed nor deleted: another template made it. None for ours."""
    if described is None or described["StackStatus"] == _REVIEWED:  # which has no resource yet
        return None
    if any(one["ParameterKey"] == _OF_OURS for one in described.get("Parameters", [])):
        return None
    return "it was not made by this project, and is left alone; choose another stage"


def undeletable(stack: str, region: str, described: Mapping[str, Any] | None) -> str | None:
    """Why what a failed creation has left cannot be deleted; None where it can, or need not be."""
    if described is None or not described.get("EnableTerminationProtection"):
        return None
    if not is_to_be_deleted(described["StackStatus"]):
        return None
    return (
        f"a first deployment failed ({described['StackStatus']}), and what it left is protected "
        "from being deleted: aws cloudformation update-termination-protection "
        f"--no-enable-termination-protection --stack-name {stack} --region {region}"
    )


def is_to_be_deleted(status: str | None) -> bool:
    """Whether the stack is what a first deployment that failed has left, and in its way."""
    return status in _NEVER_DEPLOYED


def is_created_anew(status: str | None) -> bool:
    """Whether the next deployment creates the stack: there is none, or one that never stood."""
    return status in (None, _REVIEWED) or is_to_be_deleted(status)


def in_the_way(stack: str, region: str, status: str | None) -> str | None:
    """Why nothing can be deployed there now, and what to do; None where it can."""
    aws = f"aws cloudformation {{}} --stack-name {stack} --region {region}"
    if status is None or is_created_anew(status):
        return None
    if status.endswith("_IN_PROGRESS"):
        return (
            f"it is being changed ({status}), by somebody else or by a deployment that you left; "
            f"run again when it is done ({aws.format('describe-stacks')} shows it)"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        return (
            f"it could not go back to what it was before ({status}): "
            f"{aws.format('describe-stack-events')} names the resource; mend it, then "
            f"{aws.format('continue-update-rollback')}, then run again"
        )
    if status == "DELETE_FAILED":
        return (
            f"it could not be deleted ({status}): {aws.format('describe-stack-events')} names the "
            f"resource; mend it, then {aws.format('delete-stack')}, then run again"
        )
    if status == "UPDATE_FAILED":
        return (
            f"a change failed and was not taken back ({status}): {aws.format('rollback-stack')}, "
            "then run again"
        )
    return None
