"""Whether a stack may be deployed to, by CloudFormation's word for it."""

import pytest
from infra.deploy.stack.standing import in_the_way, is_created_anew, is_to_be_deleted

STANDING = ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
FAILED_CREATION = ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"]


def refusal(status: str | None) -> str:
    return in_the_way("lcp-dev", "eu-west-1", status) or ""


@pytest.mark.parametrize("status", [None, "REVIEW_IN_PROGRESS", *STANDING, *FAILED_CREATION])
def test_a_stack_that_can_be_deployed_is_not_in_the_way(status: str | None) -> None:
    assert refusal(status) == ""
    assert is_created_anew(status) == (status not in STANDING)
    assert is_to_be_deleted(status) == (status in FAILED_CREATION)


@pytest.mark.parametrize(
    "status",
    ["CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
     "UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS"],
)  # fmt: skip
def test_one_that_is_being_changed_is_waited_for(status: str) -> None:
    assert status in refusal(status)
    assert "run again when it is done" in refusal(status)
    assert "--stack-name lcp-dev --region eu-west-1" in refusal(status)
    assert not is_to_be_deleted(status)


@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name lcp-dev"),
        ("UPDATE_FAILED", "rollback-stack --stack-name lcp-dev"),
        ("DELETE_FAILED", "delete-stack --stack-name lcp-dev"),
    ],
)
def test_one_that_is_stuck_is_freed_first_and_never_deleted(status: str, next_step: str) -> None:
    assert next_step in refusal(status)
    assert not is_to_be_deleted(status)
