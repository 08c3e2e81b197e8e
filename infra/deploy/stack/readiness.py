"""Whether AWS lets us in and the stack may be changed, tried before anything else is asked."""

from infra.deploy.dialogue.connections import Tried
from infra.deploy.stack.aws import Aws, AwsError, reason
from infra.deploy.stack.standing import in_the_way


def tried(aws: Aws, stack: str) -> list[Tried]:
    """The account, and the stack where the account was reached."""
    account = _account(aws)
    return [account, _stack(aws, stack)] if account.ok else [account]


def _account(aws: Aws) -> Tried:
    name = f"AWS {aws.region}"
    try:
        return Tried(name, ok=True, result=f"account {aws.account()}")
    except AwsError as exc:
        return Tried(name, ok=False, result=reason(exc))


def _stack(aws: Aws, stack: str) -> Tried:
    name = f"stack {stack}"
    try:
        status = aws.status(stack)
    except AwsError as exc:
        return Tried(name, ok=False, result=reason(exc))
    why = in_the_way(stack, aws.region, status)
    return Tried(name, ok=why is None, result=why or status or "not there yet")
