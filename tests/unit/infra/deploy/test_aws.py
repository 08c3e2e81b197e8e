"""What a deployment does where AWS does not let it see: that is never taken for nothing there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)
from infra.deploy.destroy import Destroyer
from infra.deploy.stack.aws import Aws, reason
from infra.deploy.stack.log_role import log_role
from infra.deploy.stack.readiness import tried
from infra.deploy.tuning import tune

from samples.scripted_console import ScriptedConsole

ABSENT = ClientError({"Error": {"Code": "ParameterNotFound", "Message": ""}}, "GetParameter")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetParameter")
NO_STACK = ClientError(
    {"Error": {"Code": "ValidationError", "Message": "Stack with id lcp does not exist"}},
    "DescribeStacks",
)


@dataclass
class Answering:
    """Every service of an account, which answers each reading call with one error."""

    error: ClientError
    written: list[dict[str, Any]] = field(default_factory=list)

    def get_parameter(self, **_: object) -> dict[str, Any]:
        raise self.error

    def describe_stacks(self, **_: object) -> dict[str, Any]:
        raise self.error

    def put_parameter(self, **given: Any) -> None:
        self.written.append(given)


@dataclass(frozen=True, slots=True)
class Account(Aws):
    """An AWS with those services alone."""

    services: Answering

    def client(self, service: str) -> Any:
        assert service in {"ssm", "cloudformation"}
        return self.services


def account(error: ClientError) -> Account:
    return Account("us-east-1", Answering(error))


def test_the_stacks_own_keys_are_made_where_there_are_none_and_never_replaced() -> None:
    aws = account(ABSENT)

    made = aws.generate_secrets("/lcp")

    assert made == ["ADMIN_KEY", "KEY_SIGNING_SECRET"]
    assert [given["Overwrite"] for given in aws.services.written] == [False, False]


def test_a_key_that_another_deployment_makes_meanwhile_stands() -> None:
    class Raced(Answering):
        def put_parameter(self, **given: Any) -> None:
            if given["Name"].endswith("ADMIN_KEY"):
                raise ClientError({"Error": {"Code": "ParameterAlreadyExists"}}, "PutParameter")
            super().put_parameter(**given)

    aws = Account("us-east-1", Raced(ABSENT))

    assert aws.generate_secrets("/lcp") == ["KEY_SIGNING_SECRET"]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCallerIdentity")


@pytest.mark.parametrize(
    ("exc", "advice"),
    [
        (NoCredentialsError(), "sign in to AWS"),
        (UnauthorizedSSOTokenError(), "sign in to AWS"),
        (refused("ExpiredToken"), "sign in to AWS"),
        (refused("InvalidClientTokenId"), "sign in to AWS"),
        (EndpointConnectionError(endpoint_url="https://sts.us-esat-1"), "region spelled right"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_who_is_refused_is_told_what_to_do(exc: Exception, advice: str) -> None:
    assert advice in reason(exc)
    assert "sign in" not in reason(refused("AccessDenied"))


@pytest.mark.parametrize(
    "act",
    [
        lambda aws: aws.generate_secrets("/lcp"),
        lambda aws: aws.keep_secrets("/lcp", {"GROQ_API_KEY": "g"}),
        lambda aws: tune(aws, "dev", ["LOG_LEVEL=DEBUG"]),
    ],
    ids=["generated", "given", "tuning"],
)
def test_a_parameter_that_may_not_be_read_is_not_written_over(
    act: Callable[[Aws], object],
) -> None:
    aws = account(DENIED)

    with pytest.raises(ClientError, match="AccessDenied"):
        act(aws)

    assert aws.services.written == []


@pytest.mark.parametrize("kind", ["String", "SecureString"])
def test_tuning_stays_of_the_kind_that_it_was_made_of(kind: str) -> None:
    """AWS refuses to change a parameter's kind."""

    class Stored(Answering):
        def get_parameter(self, **_: object) -> dict[str, Any]:
            return {"Parameter": {"Value": "{}", "Type": kind}}

    aws = Account("us-east-1", Stored(ABSENT))

    tune(aws, "dev", ["LOG_LEVEL=DEBUG"])

    assert [given["Type"] for given in aws.services.written] == [kind]


def test_tuning_that_is_new_is_no_secret() -> None:
    aws = account(ABSENT)

    tune(aws, "dev", ["LOG_LEVEL=DEBUG"])

    assert [given["Type"] for given in aws.services.written] == ["String"]


def test_a_question_has_no_default_where_it_may_not_be_read() -> None:
    assert account(DENIED).secret_if_readable("/lcp/GROQ_API_KEY") == ""


def test_a_stack_that_may_not_be_seen_is_not_taken_for_none() -> None:
    assert account(NO_STACK).status("lcp") is None
    assert account(NO_STACK).outputs("lcp") == {}
    for look in (Aws.status, Aws.outputs):
        with pytest.raises(ClientError, match="AccessDenied"):
            look(account(DENIED), "lcp")


def test_the_secrets_of_a_stack_that_may_not_be_seen_are_not_deleted() -> None:
    console = ScriptedConsole(answers=["llm-cache-proxy-dev"])

    status = Destroyer(console, account(DENIED), "dev").destroy()

    assert status == 1
    assert "AWS refused" in console.shown


@dataclass
class Deployed:
    """The services of an account with a stack in some status, and with or without a role."""

    status: str | None
    role: str
    parameters: tuple[str, ...] = ("SecretsPath", "QdrantUrl")
    protected: bool = False

    def describe_stacks(self, **_: object) -> dict[str, Any]:
        if self.status is None:
            raise NO_STACK
        given = [{"ParameterKey": name, "ParameterValue": "x"} for name in self.parameters]
        described = {"StackStatus": self.status, "Parameters": given}
        return {"Stacks": [described | {"EnableTerminationProtection": self.protected}]}

    def get_caller_identity(self) -> dict[str, Any]:
        return {"Account": "123456789012"}

    def get_paginator(self, _: str) -> "Deployed":
        return self

    def paginate(self, **_: object) -> list[dict[str, Any]]:
        return [{"Parameters": []}]

    def get_account(self) -> dict[str, Any]:
        return {"cloudwatchRoleArn": self.role}


@dataclass(frozen=True, slots=True)
class AccountOfStack(Aws):
    """An AWS that holds one stack."""

    services: Deployed

    def client(self, service: str) -> Any:
        assert service in {"sts", "cloudformation", "apigateway", "ssm"}
        return self.services


def test_a_stack_that_somebody_deploys_right_now_is_found_before_anything_is_asked() -> None:
    aws = AccountOfStack("us-east-1", Deployed("UPDATE_IN_PROGRESS", ""))

    account_found, stack = tried(aws, "lcp")

    assert account_found.ok
    assert not stack.ok
    assert "UPDATE_IN_PROGRESS" in stack.result


@pytest.mark.parametrize("status", [None, "UPDATE_COMPLETE"])
def test_a_stack_that_can_be_changed_is_shown_as_it_is(status: str | None) -> None:
    aws = AccountOfStack("us-east-1", Deployed(status, ""))

    assert [trial.ok for trial in tried(aws, "lcp")] == [True, True]


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "CREATE_FAILED"])
def test_another_projects_stack_of_the_name_is_neither_changed_nor_deleted(status: str) -> None:
    console = ScriptedConsole(answers=["llm-cache-proxy-dev"])
    aws = AccountOfStack("us-east-1", Deployed(status, "", parameters=("Stage",)))

    _, stack = tried(aws, "llm-cache-proxy-dev")
    destroyed = Destroyer(console, aws, "dev").destroy()

    assert not stack.ok
    assert "choose another stage" in stack.result
    assert destroyed == 1
    assert console.asked == []
    assert "choose another stage" in console.shown


@pytest.mark.parametrize(
    ("status", "may"), [("ROLLBACK_COMPLETE", False), ("UPDATE_COMPLETE", True)]
)
def test_what_would_be_deleted_and_is_protected_is_found_before_anything_is_built(
    status: str, *, may: bool
) -> None:
    aws = AccountOfStack("us-east-1", Deployed(status, "", protected=True))

    _, stack = tried(aws, "lcp")

    assert stack.ok == may
    assert may or "--no-enable-termination-protection --stack-name lcp" in stack.result


def test_where_the_account_is_not_reached_its_stack_is_not_asked_for() -> None:
    class Expired(Deployed):
        def get_caller_identity(self) -> dict[str, Any]:
            raise refused("ExpiredToken")

    [trial] = tried(AccountOfStack("us-east-1", Expired(None, "")), "lcp")

    assert not trial.ok
    assert "sign in to AWS" in trial.result


NOTHING_STANDS = [None, "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"]


@pytest.mark.parametrize("status", NOTHING_STANDS)
@pytest.mark.parametrize("kept", [{}, {"ApiGatewayLogRole": "create"}])
@pytest.mark.parametrize(
    ("role", "chosen"), [("", "create"), ("arn:aws:iam::1:role/r", "existing")]
)
def test_a_new_stack_makes_a_role_for_logs_only_where_the_account_has_none(
    status: str | None, kept: dict[str, str], role: str, chosen: str
) -> None:
    """Also where a first change set or a first deployment has failed."""
    aws = AccountOfStack("us-east-1", Deployed(status, role))

    assert log_role(aws, "lcp", kept) == {"ApiGatewayLogRole": chosen}


@pytest.mark.parametrize("kept", [{}, {"ApiGatewayLogRole": "create"}])
def test_a_stack_that_stands_keeps_the_role_that_it_has(kept: dict[str, str]) -> None:
    aws = AccountOfStack("us-east-1", Deployed("UPDATE_COMPLETE", "arn:aws:iam::1:role/r"))

    assert log_role(aws, "lcp", kept) == {}


@pytest.mark.parametrize("status", NOTHING_STANDS)
def test_a_role_that_is_said_to_exist_is_not_made(status: str | None) -> None:
    aws = AccountOfStack("us-east-1", Deployed(status, ""))

    assert log_role(aws, "lcp", {"ApiGatewayLogRole": "existing"}) == {}
