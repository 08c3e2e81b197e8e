"""What each option of the template adds, and that nothing of it is there by default."""

from typing import Any

import pytest
from infra.deploy.dialogue.answers import Answers

from samples.stack.template import Stack, template

PLAIN = Stack()
ANSWERED = Answers(stage="dev", region="us-east-1").parameters()


def completions(stack: Stack) -> Any:
    return stack.resources["CompletionsFunction"]["Properties"]


def test_a_person_who_deploys_by_hand_decides_at_most_twenty_things() -> None:
    assert len(template()["Parameters"]) <= 20


def test_who_deploys_by_hand_is_asked_what_counts_first_and_then_presses_enter() -> None:
    """`sam deploy --guided` asks in the template's order, and takes a default for an answer."""
    parameters = template()["Parameters"]

    assert list(parameters)[: len(ANSWERED)] == list(ANSWERED)
    assert all("Default" in parameter for parameter in parameters.values())


def test_one_address_is_bounded_by_default_and_asked_before_anything_runs() -> None:
    rules = PLAIN.resources["Firewall"]["Properties"]["Rules"]

    assert [rule["Statement"]["RateBasedStatement"] for rule in rules] == [
        {"AggregateKeyType": "IP", "EvaluationWindowSec": 60, "Limit": 600}
    ]
    assert PLAIN.resources["FirewallAssociation"]["Properties"]["ResourceArn"] == (
        "arn:aws:apigateway:us-east-1::/restapis/<Api>/stages/<Api.Stage>"
    )


def test_one_address_may_not_use_up_the_throttle_of_all() -> None:
    parameters = template()["Parameters"]

    per_second = parameters["RequestsPerAddress"]["Default"] / 60
    assert per_second < parameters["ThrottleRate"]["Default"] / 2


def test_without_a_bound_there_is_no_firewall_to_pay_for() -> None:
    stack = Stack(RequestsPerAddress="0")

    assert not {"Firewall", "FirewallAssociation"} & stack.resources.keys()


def test_an_accounts_role_for_logs_is_left_alone() -> None:
    stack = Stack(ApiGatewayLogRole="existing")

    assert not {"FirstOfApiGateway", "ApiAccount", "ApiLogRole"} & stack.resources.keys()


def test_instances_are_kept_ready_by_number() -> None:
    kept = completions(Stack(KeepWarm="5"))

    assert kept["ProvisionedConcurrencyConfig"] == {"ProvisionedConcurrentExecutions": "5"}
    assert "SnapStart" not in kept  # Lambda refuses both together
    assert "ProvisionedConcurrencyConfig" not in completions(PLAIN)
    assert "ProvisionedConcurrencyConfig" not in completions(Stack(KeepWarm="snapstart"))


def test_a_gradual_rollout_goes_back_when_an_alarm_is_raised() -> None:
    stack = Stack(Rollout="Canary10Percent5Minutes")

    preference = completions(stack)["DeploymentPreference"]
    assert preference["Enabled"] is True
    assert preference["Type"] == "Canary10Percent5Minutes"
    alarms = {alarm.strip("<>") for alarm in preference["Alarms"]}
    assert alarms == {"RolloutErrors", "RolloutFailures"} <= stack.resources.keys()


def test_every_rollout_is_either_gradual_or_not() -> None:
    body = template()

    assert body["Mappings"]["Rollouts"].keys() == set(
        body["Parameters"]["Rollout"]["AllowedValues"]
    )


def test_all_at_once_there_is_no_alarm_to_pay_for() -> None:
    assert completions(PLAIN)["DeploymentPreference"]["Enabled"] is False
    assert not {"RolloutErrors", "RolloutFailures"} & PLAIN.resources.keys()


@pytest.mark.parametrize(("address", "watched"), [("", True), ("none", False), ("a@b.c", True)])
def test_alarms_and_the_dashboard_are_left_out_on_request(address: str, *, watched: bool) -> None:
    assert ("Watch" in Stack(AlarmAddress=address).resources) == watched


def test_a_network_of_its_own_holds_the_functions_that_ask_the_cache() -> None:
    functions = Stack(Network="vpc").of_type("AWS::Serverless::Function")

    inside = {name for name, function in functions.items() if "VpcConfig" in function}
    assert inside == {"CompletionsFunction", "MetricsFunction", "AdminFunction"}
    assert not any(
        "VpcConfig" in function for function in PLAIN.of_type("AWS::Serverless::Function").values()
    )
    assert "PrivateNetwork" not in PLAIN.resources


def test_the_network_lets_the_functions_alone_reach_the_cache() -> None:
    resources = template("infra/network.yaml")["Resources"]
    cache = resources["Cache"]["Properties"]
    [let_in] = resources["CacheGroup"]["Properties"]["SecurityGroupIngress"]

    assert let_in["SourceSecurityGroupId"] == {"Ref": "FunctionsGroup"}
    assert cache["Engine"] == "valkey"
    assert cache["TransitEncryptionEnabled"] is True
    assert cache["SecurityGroupIds"] == [{"Ref": "CacheGroup"}]


def test_the_network_reaches_storage_past_the_gateway_that_is_paid_by_the_gigabyte() -> None:
    endpoint = template("infra/network.yaml")["Resources"]["StorageEndpoint"]["Properties"]

    assert endpoint["VpcEndpointType"] == "Gateway"


def test_the_network_hands_over_what_the_template_asks_for() -> None:
    made = template("infra/network.yaml")["Outputs"].keys()

    assert made == {"SubnetIds", "FunctionsGroup", "RedisUrl"}
