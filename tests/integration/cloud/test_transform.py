"""The template after SAM's own transform.

tests/unit/infra says what the template must hold, in a fraction of a second. Here SAM's
translator has worked on it: the template's own resources must be there, and what it adds
(permissions, a role, a stage) equals a list.
"""

import json
import re
from typing import Any

import pytest

from llm_cache_proxy.settings import Settings
from samples.stack.template import Stack
from samples.stack.transformed import transformed

pytestmark = pytest.mark.timeout(1200)  # the first time, the tools are installed

GIVEN = {
    "streaming": {
        "SecretsPath": "/lcp/prod",
        "QdrantUrl": "https://q.example",
        "KeepWarm": "snapstart",
    },
    "private network": {
        "SecretsPath": "/lcp/prod",
        "Network": "vpc",
        "KeepWarm": "3",
        "Rollout": "Linear10PercentEvery1Minute",
        "AlarmAddress": "me@example.com",
    },
    "buffered": {"SecretsPath": "/lcp/prod", "ResponseTransferMode": "BUFFERED"},
    "tuned by AppConfig": {
        "SecretsPath": "/lcp/prod",
        "TuningSource": "abc1234/environment/def5678/configuration/ghi9012",
    },
    "own domain": {
        "DomainName": "llm.example,arn:aws:acm:c",
        "EmbeddingUrl": "https://embedder.example",
    },
    "bedrock": {
        "SecretsPath": "/lcp/prod",
        "QdrantUrl": "https://q.example",
        "EmbeddingUrl": "bedrock:amazon.titan-embed-text-v2:0",
    },
}
CARRIED = ("Environment", "Role", "Timeout", "MemorySize", "Handler", "Runtime", "FunctionName")
SECRETS = {
    name.upper()
    for name, field in Settings.model_fields.items()
    if "SecretStr" in str(field.annotation)
}

Pair = tuple[Stack, Stack]


@pytest.fixture(scope="module")
def stacks() -> dict[str, Pair]:
    """What is written and what is made of it, by the parameters that were given."""
    return {name: (Stack(**given), transformed(**given)) for name, given in GIVEN.items()}


@pytest.fixture(params=GIVEN)
def pair(stacks: dict[str, Pair], request: pytest.FixtureRequest) -> Pair:
    return stacks[request.param]


@pytest.fixture
def streaming(stacks: dict[str, Pair]) -> Stack:
    return stacks["streaming"][1]


def with_aliases(written: Any) -> Any:
    """`written` with SAM's names for the aliases that it makes."""
    return json.loads(json.dumps(written).replace("Function.Alias>", "FunctionAliaslive>"))


def functions(made: Stack) -> dict[str, Any]:
    return made.of_type("AWS::Lambda::Function")


def versions(made: Stack) -> dict[str, Any]:
    return {name: r for name, r in made.resources.items() if r["Type"] == "AWS::Lambda::Version"}


def test_each_function_runs_as_it_is_written(pair: Pair) -> None:
    written = with_aliases(pair[0].of_type("AWS::Serverless::Function"))
    made = functions(pair[1])

    assert made.keys() == written.keys()
    for name, properties in made.items():
        carried = {key: properties.get(key) for key in CARRIED}
        assert carried == {key: written[name].get(key) for key in CARRIED}
        assert properties["Architectures"] == ["x86_64"]
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert {"Key": "application", "Value": "lcp"} in properties["Tags"]


def test_the_embedding_image_alone_may_be_of_another_processor() -> None:
    processors = {
        name: properties["Architectures"]
        for name, properties in functions(transformed(Architecture="mixed")).items()
    }

    assert processors.pop("EmbeddingFunction") == ["x86_64"]
    assert all(named == ["arm64"] for named in processors.values())


def test_no_secret_is_in_plain_text(pair: Pair) -> None:
    for properties in functions(pair[1]).values():
        variables = properties.get("Environment", {}).get("Variables", {})
        plain = {variables.get(name, "") for name in SECRETS}
        assert plain <= {"", "<PrivateNetwork.Outputs.RedisUrl>"}  # an address without a password


def test_roles_are_those_that_are_written_and_the_schedules(pair: Pair) -> None:
    written = with_aliases(pair[0].of_type("AWS::IAM::Role"))
    made = pair[1].of_type("AWS::IAM::Role")
    purge = made.pop("AdminFunctionPurgeRole")
    rollout = made.pop("CodeDeployServiceRole", None)

    assert made == written
    statements = [
        statement
        for policy in purge["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert {(s["Effect"], s["Action"], s["Resource"]) for s in statements} == {
        ("Allow", "lambda:InvokeFunction", "<AdminFunctionAliaslive>"),
        ("Allow", "sqs:SendMessage", "<FailedInvocations.Arn>"),
    }
    assert rollout is None or rollout["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/service-role/AWSCodeDeployRoleForLambda"
    ]


def test_only_our_api_may_call_a_function_and_only_by_its_alias(pair: Pair) -> None:
    api = "arn:aws:execute-api:us-east-1:123456789012:<Api>/*/"
    permissions = pair[1].of_type("AWS::Lambda::Permission").values()

    assert {(p["FunctionName"], p["Principal"], p["SourceArn"]) for p in permissions} == {
        (f"<{name}FunctionAliaslive>", "apigateway.amazonaws.com", api + path)
        for name, path in (
            ("Completions", "*/v1/*"),
            ("Completions", "GET/health"),
            ("Metrics", "GET/metrics"),
            ("Metrics", "GET/dashboard"),
            ("Metrics", "GET/dashboard/*"),
            ("Metrics", "GET/"),
            ("Metrics", "GET/openapi.json"),
            ("Metrics", "GET/docs"),
            ("Metrics", "GET/docs/*"),
            ("Admin", "GET/admin/*"),
            ("Admin", "POST/admin/*"),
        )
    }


def test_the_api_has_the_paths_and_transfer_modes_that_are_written(pair: Pair) -> None:
    written = pair[0].resources["Api"]["Properties"]["DefinitionBody"]["paths"]
    made = pair[1].resources["Api"]["Properties"]["Body"]["paths"]

    assert made == with_aliases(written)


def test_the_stage_has_limits_logs_and_traces(pair: Pair) -> None:
    written = pair[0].resources["Api"]["Properties"]
    (stage,) = pair[1].of_type("AWS::ApiGateway::Stage").values()

    assert stage["StageName"] == "prod"
    assert stage["MethodSettings"] == written["MethodSettings"]
    assert stage["AccessLogSetting"]["DestinationArn"] == "<ApiLogs.Arn>"
    assert json.loads(stage["AccessLogSetting"]["Format"])["requestId"] == "$context.requestId"
    assert stage["TracingEnabled"] is True


def test_the_api_is_regional_and_answers_errors_in_openais_shape(streaming: Stack) -> None:
    api = streaming.resources["Api"]["Properties"]
    responses = api["Body"]["x-amazon-apigateway-gateway-responses"]
    throttled = responses["THROTTLED"]

    assert api["EndpointConfiguration"]["Types"] == ["REGIONAL"]  # another kind idles for 30 s
    assert {"REQUEST_TOO_LARGE", "ACCESS_DENIED", "INTEGRATION_TIMEOUT"} <= responses.keys()
    assert throttled["statusCode"] == "429"
    assert throttled["responseParameters"]["gatewayresponse.header.retry-after"] == "'1'"
    assert "error" in json.loads(throttled["responseTemplates"]["application/json"])


@pytest.mark.parametrize("kind", ["multipart/form-data", "audio/mpeg", "audio/wav"])
def test_uploads_and_speech_pass_as_bytes(streaming: Stack, kind: str) -> None:
    body = streaming.resources["Api"]["Properties"]["Body"]

    assert kind in body["x-amazon-apigateway-binary-media-types"]
    assert "application/json" not in body["x-amazon-apigateway-binary-media-types"]


def test_a_new_version_is_published_and_the_alias_moved_to_it(streaming: Stack) -> None:
    published = versions(streaming)
    aliases = streaming.of_type("AWS::Lambda::Alias")

    assert len(published) == len(aliases) == len(functions(streaming))
    for alias in aliases.values():
        assert alias["Name"] == "live"
        assert alias["FunctionVersion"].strip("<>").removesuffix(".Version") in published


def test_another_layer_is_another_version_of_each_function_that_has_it() -> None:
    before, after = transformed(), transformed({"SharedLayer": "changed"})

    unchanged = versions(before).keys() & versions(after).keys()

    assert {name.split("Function")[0] for name in unchanged} == {"Embedding"}


def test_another_revision_is_another_version_and_the_one_before_is_kept() -> None:
    """CloudFormation replaces a version whose description changes; Lambda, one whose function's."""
    before, after = transformed(Revision="1"), transformed(Revision="2")

    for name, version in versions(after).items():
        assert version["Properties"]["Description"] == "2"
        assert version["UpdateReplacePolicy"] == version["DeletionPolicy"] == "Retain"
        assert versions(before)[name]["Properties"]["Description"] == "1"
    for name, properties in functions(after).items():
        assert properties["Description"] != functions(before)[name]["Description"]


def test_snapshots_are_of_published_versions(streaming: Stack) -> None:
    taken = {name for name, properties in functions(streaming).items() if "SnapStart" in properties}

    assert taken == {"CompletionsFunction", "EmbeddingFunction"}
    for name in taken:
        assert functions(streaming)[name]["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_an_event_that_fails_for_good_is_kept_whatever_invoked_it(streaming: Stack) -> None:
    invoked = streaming.resources["AdminFunctionEventInvokeConfig"]["Properties"]
    scheduled = streaming.resources["AdminFunctionPurge"]["Properties"]["Target"]

    assert invoked["DestinationConfig"]["OnFailure"]["Destination"] == "<FailedInvocations.Arn>"
    assert invoked["Qualifier"] == "live"
    assert scheduled["DeadLetterConfig"]["Arn"] == "<FailedInvocations.Arn>"
    assert scheduled["Arn"] == "<AdminFunctionAliaslive>"


def test_the_collection_is_provisioned_by_the_alias_of_its_function(streaming: Stack) -> None:
    collection = streaming.resources["Collection"]

    assert collection["Properties"]["ServiceToken"] == "<ProvisionFunctionAliaslive>"


def test_a_domain_and_a_firewall_stand_before_the_stage(stacks: dict[str, Pair]) -> None:
    made = stacks["own domain"][1]

    assert made.resources["Domain"]["Properties"]["SecurityPolicy"] == "TLS_1_2"
    assert made.resources["DomainMapping"]["Properties"]["Stage"] == "<ApiprodStage>"
    assert made.resources["FirewallAssociation"]["Properties"]["ResourceArn"] == (
        "arn:aws:apigateway:us-east-1::/restapis/<Api>/stages/<ApiprodStage>"
    )
    assert made.resources["Domain"]["Properties"]["DomainName"] == "llm.example"
    assert made.resources["Domain"]["Properties"]["RegionalCertificateArn"] == "arn:aws:acm:c"
    assert made.outputs()["BaseUrl"] == "https://<Domain>/v1"
    assert "EmbeddingFunction" not in made.resources


def test_a_profile_of_appconfig_is_named_to_those_that_are_tuned_and_they_may_read_it(
    stacks: dict[str, Pair],
) -> None:
    source = GIVEN["tuned by AppConfig"]["TuningSource"]
    made = stacks["tuned by AppConfig"][1]

    named = {
        name
        for name, function in functions(made).items()
        if function.get("Environment", {}).get("Variables", {}).get("TUNING_SOURCE") == source
    }
    reading = {
        name
        for name, role in made.of_type("AWS::IAM::Role").items()
        if f":appconfig:us-east-1:123456789012:application/{source}" in json.dumps(role)
    }
    assert named == {f"{name}Function" for name in ("Completions", "Metrics", "Admin")}
    assert reading == {"CompletionsRole", "MetricsRole", "AdminRole"}
    assert "appconfig" not in json.dumps(stacks["streaming"][1].resources)


def test_a_rollout_is_gradual_where_it_is_asked_for(stacks: dict[str, Pair]) -> None:
    made = stacks["private network"][1]

    assert not stacks["streaming"][1].of_type("AWS::CodeDeploy::DeploymentGroup")
    (group,) = made.of_type("AWS::CodeDeploy::DeploymentGroup").values()
    assert group["DeploymentConfigName"].endswith("LambdaLinear10PercentEvery1Minute")
    assert group["AlarmConfiguration"] == {
        "Enabled": True,
        "Alarms": [{"Name": "<RolloutErrors>"}, {"Name": "<RolloutFailures>"}],
    }
    assert "DEPLOYMENT_FAILURE" in group["AutoRollbackConfiguration"]["Events"]


def test_instances_are_kept_ready_behind_the_alias(stacks: dict[str, Pair]) -> None:
    aliases = stacks["private network"][1].of_type("AWS::Lambda::Alias")

    kept = {
        name.split("Function")[0]: alias["ProvisionedConcurrencyConfig"]
        for name, alias in aliases.items()
        if "ProvisionedConcurrencyConfig" in alias
    }
    assert kept == {
        "Completions": {"ProvisionedConcurrentExecutions": "3"},
        "Embedding": {"ProvisionedConcurrentExecutions": 1},
    }


def test_functions_run_in_the_network_where_there_is_one(stacks: dict[str, Pair]) -> None:
    inside = functions(stacks["private network"][1])["CompletionsFunction"]["VpcConfig"]

    assert inside["SecurityGroupIds"] == ["<PrivateNetwork.Outputs.FunctionsGroup>"]


def test_the_stage_waits_for_the_account_that_may_log(streaming: Stack) -> None:
    """The account, in turn, waits for a first resource of API Gateway: a fresh one has none."""

    def waits_for(name: str) -> set[str]:
        resource = streaming.resources[name]
        named = set(re.findall(r"<(\w+)[.>]", json.dumps(resource["Properties"])))
        named |= {resource["DependsOn"]} if "DependsOn" in resource else set()
        return named | {each for one in named for each in waits_for(one)}

    assert {"ApiAccount", "FirstOfApiGateway"} <= waits_for("ApiprodStage")
    assert "FirstOfApiGateway" in waits_for("ApiAccount")
