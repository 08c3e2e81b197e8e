"""What CloudFormation's word for a stack allows, read before anything is built.

A stack that is being changed, or that CloudFormation gave up on, refuses a deployment, and would
only say so after minutes of building. Each refusal says what to do about it.
"""

_NEVER_DEPLOYED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
"""A creation that failed: it serves nobody, and CloudFormation changes none of these."""
_REVIEWED = "REVIEW_IN_PROGRESS"
"""A first change set that was not carried out; the next deployment makes another."""


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
        return f"it could not be deleted ({status}): make destroy, then run again"
    return None
