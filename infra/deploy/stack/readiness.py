"""Whether AWS lets us in and the stack may be changed, tried before anything else is asked."""

from infra.deploy.dialogue.connections import Tried
from infra.deploy.stack.aws import Aws, AwsError, reason, status_in
from infra.deploy.stack.standing import foreign, in_the_way, undeletable


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
        described = aws.described(stack)
    except AwsError as exc:
        return Tried(name, ok=False, result=reason(exc))
    status = status_in(described)
    why = (
        foreign(described)
        or in_the_way(stack, aws.region, status)
        or undeletable(stack, aws.region, described)
    )
    return Tried(name, ok=why is None, result=why or status or "not there yet")
