import re
from typing import Any

import pytest

from samples.stack.template import Stack, template

STACK = Stack(SecretsPath="/lcp/prod", QdrantUrl="https://q.example")
SECRET = "arn:aws:ssm:us-east-1:123456789012:parameter/lcp/prod/"
STORES = ("REDIS_URL", "UPSTASH_REDIS_REST_TOKEN", "QDRANT_API_KEY")
KEYS = ("KEY_SIGNING_SECRET", "KEY_SIGNING_SECRET_PREVIOUS")
UPSTREAMS = ("GROQ_API_KEY", "UPSTREAM_API_KEY", "UPSTREAM_KEYS", "EMBEDDING_API_KEY")

Allowed = tuple[str, str]


def common(name: str) -> set[Allowed]:
    return {
        ("logs:CreateLogStream", f"<{name}Logs.Arn>"),
        ("logs:PutLogEvents", f"<{name}Logs.Arn>"),
        ("xray:PutTraceSegments", "*"),
        ("xray:PutTelemetryRecords", "*"),
    }


def secrets(*names: str) -> set[Allowed]:
    return {
        ("kms:Decrypt", "arn:aws:kms:us-east-1:123456789012:key/*"),
        *(("ssm:GetParameters", SECRET + name) for name in ("TUNING", *names)),
    }


BEDROCK = "arn:aws:bedrock:us-east-1::foundation-model/"
NO_MODEL = ("bedrock:InvokeModel", f"{BEDROCK}none")
EMBED = ("lambda:InvokeFunction", "<EmbeddingFunction.Alias>")
ALLOWED = {
    "CompletionsRole": {
        *common("Completions"),
        *secrets(*UPSTREAMS, *STORES, *KEYS),
        EMBED,
        NO_MODEL,
    },
    "EmbeddingRole": common("Embedding"),
    "MetricsRole": {*common("Metrics"), *secrets("ADMIN_KEY", *STORES)},
    "AdminRole": {
        *common("Admin"),
        *secrets("ADMIN_KEY", "KEY_SIGNING_SECRET", *UPSTREAMS, *STORES),
        EMBED,
        NO_MODEL,
        ("sqs:SendMessage", "<FailedInvocations.Arn>"),
    },
    "ProvisionRole": {*common("Provision"), *secrets("QDRANT_API_KEY")},
    "ApiLogRole": set[Allowed](),
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def allowed(role: dict[str, Any]) -> set[Allowed]:
    statements = [
        statement
        for policy in role.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert all(statement["Effect"] == "Allow" for statement in statements)
    return {
        (action, resource)
        for statement in statements
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def test_each_role_may_do_what_is_listed_here_and_nothing_else() -> None:
    roles = STACK.of_type("AWS::IAM::Role")

    assert {name: allowed(role) for name, role in roles.items()} == ALLOWED


def test_only_tracing_and_decrypting_name_every_resource() -> None:
    for permissions in ALLOWED.values():
        wild = {action for action, resource in permissions if "*" in action + resource}

        assert wild <= {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "kms:Decrypt"}


def test_completions_and_admin_may_invoke_the_one_model_that_the_stack_names() -> None:
    stack = Stack(EmbeddingUrl="bedrock:amazon.titan-embed-text-v2:0")

    assert invoking(stack) == {
        name: {f"{BEDROCK}amazon.titan-embed-text-v2:0"}
        for name in ("CompletionsRole", "AdminRole")
    }
    assert "EmbeddingFunction" not in stack.resources


@pytest.mark.parametrize("url", ["", "https://embedder.example", "http://e.example/bedrock-embed"])
def test_without_a_model_of_bedrock_none_may_be_invoked(url: str) -> None:
    models = invoking(Stack(EmbeddingUrl=url))

    assert models == {name: {f"{BEDROCK}none"} for name in ("CompletionsRole", "AdminRole")}


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("", True),
        ("https://embedder.example/embed", True),
        ("bedrock:amazon.titan-embed-text-v2:0", True),
        ("bedrock:", False),
        ("bedrock:*", False),
        ("bedrock:amazon.*", False),
        ("ftp://e", False),
    ],
)
def test_an_embedder_is_an_address_or_one_model(value: str, *, taken: bool) -> None:
    pattern = template()["Parameters"]["EmbeddingUrl"]["AllowedPattern"]

    assert (re.search(pattern, value) is not None) is taken


def invoking(stack: Stack) -> dict[str, set[str]]:
    """The roles that may invoke models of Bedrock, and which."""
    roles = stack.of_type("AWS::IAM::Role")
    models = {
        name: {what for action, what in allowed(role) if action.startswith("bedrock:")}
        for name, role in roles.items()
    }
    return {name: may for name, may in models.items() if may}


def test_any_key_decrypts_our_parameters_and_nothing_else() -> None:
    for role in STACK.of_type("AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Action"] == "kms:Decrypt":
                    assert statement["Condition"] == {
                        "StringEquals": {"kms:ViaService": "ssm.us-east-1.amazonaws.com"},
                        "StringLike": {"kms:EncryptionContext:PARAMETER_ARN": f"{SECRET}*"},
                    }


def test_functions_may_join_a_network_where_there_is_one() -> None:
    roles = Stack(Network="vpc").of_type("AWS::IAM::Role")

    joining = {
        name for name, role in roles.items() if ("ec2:CreateNetworkInterface", "*") in allowed(role)
    }
    assert joining == {"CompletionsRole", "MetricsRole", "AdminRole"}


def test_a_profile_of_appconfig_is_read_by_those_that_are_tuned_and_is_the_only_one() -> None:
    source = "abc1234/environment/def5678/configuration/ghi9012"
    roles = Stack(TuningSource=source, QdrantUrl="https://q.example").of_type("AWS::IAM::Role")

    profile = f"arn:aws:appconfig:us-east-1:123456789012:application/{source}"
    reading = {
        name: {(action, resource) for action, resource in allowed(role) if "appconfig" in action}
        for name, role in roles.items()
    }
    may = {("appconfig:StartConfigurationSession", profile)}
    may |= {("appconfig:GetLatestConfiguration", profile)}
    tuned = {"CompletionsRole", "MetricsRole", "AdminRole", "ProvisionRole"}
    assert reading == {name: may if name in tuned else set() for name in roles}


def test_no_function_has_a_managed_policy_or_shares_its_role() -> None:
    functions = STACK.of_type("AWS::Serverless::Function")
    roles = [function["Role"] for function in functions.values()]

    assert len(set(roles)) == len(functions) == 5
    assert not any("Policies" in function for function in functions.values())
    for name, role in STACK.of_type("AWS::IAM::Role").items():
        assert ("ManagedPolicyArns" in role) == (name == "ApiLogRole")


def test_without_secrets_none_may_be_read() -> None:
    for role in Stack().of_type("AWS::IAM::Role").values():
        assert not {action for action, _ in allowed(role)} & {"ssm:GetParameters", "kms:Decrypt"}


def test_every_resource_that_takes_tags_is_tagged_by_the_stack() -> None:
    kinds = {"AWS::IAM::Role", "AWS::SQS::Queue", "AWS::ApiGateway::DomainName"}
    stack = Stack(DomainName="api.example,arn:aws:acm:c")

    for resource in stack.resources.values():
        if resource["Type"] in kinds:
            assert {"Key": "application", "Value": "lcp"} in resource["Properties"]["Tags"]


def test_every_log_group_is_kept_for_30_days() -> None:
    groups = STACK.of_type("AWS::Logs::LogGroup")

    assert len(groups) == 6
    assert all(group["RetentionInDays"] == 30 for group in groups.values())
