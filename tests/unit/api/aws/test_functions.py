import re
from pathlib import Path

import pytest

from llm_cache_proxy.api.aws.function_app import AFTER_RESTORE, BEFORE_SNAPSHOT
from llm_cache_proxy.bootstrap.clients import completions as completions_root
from llm_cache_proxy.bootstrap.parts import operator_parts
from llm_cache_proxy.domain.errors import SettingsError, UpstreamError
from llm_cache_proxy.ports.upstream import UpstreamCall
from llm_cache_proxy.settings import Settings
from samples.stack.template import ROOT, Stack

STREAMING = Stack(QdrantUrl="https://q.example")
BUFFERED = Stack(ResponseTransferMode="BUFFERED")
SNAPSHOTS = Stack(KeepWarm="snapstart")
CALL = UpstreamCall("POST", "/chat/completions", "", {}, b"{}", "gpt-4o", (), streaming=False)
DEFAULTS = Settings.model_validate({})
CACHE_SECONDS = (
    DEFAULTS.exact_deadline_seconds * 2  # lookup and commit
    + DEFAULTS.embed_deadline_seconds
    + DEFAULTS.search_deadline_seconds * 2
)
JUDGING_SECONDS = (
    DEFAULTS.exact_deadline_seconds * 2  # what is remembered, and the verdict
    + DEFAULTS.verifier_deadline_seconds
)


def completions(stack: Stack) -> dict[str, object]:
    properties: dict[str, object] = stack.resources["CompletionsFunction"]["Properties"]
    return properties


def variables(stack: Stack) -> dict[str, str]:
    found: dict[str, str] = stack.resources["CompletionsFunction"]["Properties"]["Environment"][
        "Variables"
    ]
    return found


def gateway_seconds(stack: Stack, path: str) -> float:
    methods = stack.resources["Api"]["Properties"]["DefinitionBody"]["paths"][path]
    (operation, *_) = methods.values()
    return float(operation["x-amazon-apigateway-integration"]["timeoutInMillis"]) / 1000


@pytest.mark.parametrize(
    ("stack", "upstream_seconds"),
    [
        (STREAMING, DEFAULTS.upstream_timeout_seconds),
        (BUFFERED, float(variables(BUFFERED)["UPSTREAM_TIMEOUT_SECONDS"])),
    ],
    ids=["streaming", "buffered"],
)
def test_each_timeout_is_shorter_than_the_one_around_it(
    stack: Stack, upstream_seconds: float
) -> None:
    function_seconds = float(str(completions(stack)["Timeout"]))

    waits = variables(stack)["SINGLE_FLIGHT"] != "false"
    waiting_seconds = DEFAULTS.single_flight_wait_seconds if waits else 0
    spent_seconds = CACHE_SECONDS + JUDGING_SECONDS + waiting_seconds + upstream_seconds
    assert spent_seconds <= function_seconds
    assert function_seconds < gateway_seconds(stack, "/v1/{proxy+}")


def test_the_metrics_function_ends_before_the_api_stops_waiting() -> None:
    timeout = STREAMING.resources["MetricsFunction"]["Properties"]["Timeout"]

    assert timeout < gateway_seconds(STREAMING, "/metrics")


def test_an_embedding_outlives_the_wait_for_it_so_that_a_cold_start_warms_the_next() -> None:
    timeout = STREAMING.resources["EmbeddingFunction"]["Properties"]["Timeout"]

    assert timeout > DEFAULTS.embed_deadline_seconds


def test_cloudformation_waits_for_provisioning_to_answer() -> None:
    waited = STREAMING.resources["Collection"]["Properties"]["ServiceTimeout"]

    assert waited > STREAMING.resources["ProvisionFunction"]["Properties"]["Timeout"]


def test_streaming_runs_the_app_behind_the_web_adapter() -> None:
    given = {k: v for k, v in variables(STREAMING).items() if k.startswith("AWS_")}

    assert given == {
        "AWS_LAMBDA_EXEC_WRAPPER": "/opt/bootstrap",
        "AWS_LWA_INVOKE_MODE": "response_stream",
        "AWS_LWA_PORT": "8000",
        "AWS_LWA_READINESS_CHECK_PROTOCOL": "tcp",
        "AWS_LWA_READINESS_CHECK_TIMEOUT_SECONDS": "9",
    }
    assert completions(STREAMING)["Handler"] == "run.sh"


@pytest.mark.parametrize(
    ("architecture", "layer"),
    [
        ("arm64", "LambdaAdapterLayerArm64"),
        ("mixed", "LambdaAdapterLayerArm64"),
        ("x86_64", "LambdaAdapterLayerX86"),
    ],
)
def test_the_web_adapter_is_the_one_for_the_processor(architecture: str, layer: str) -> None:
    layers = completions(Stack(Architecture=architecture))["Layers"]

    assert layers == [
        "<SharedLayer>",
        f"arn:aws:lambda:us-east-1:753240598075:layer:{layer}:30",
    ]


def test_buffered_there_is_no_web_adapter() -> None:
    assert completions(BUFFERED)["Handler"] == "handler.handler"
    assert completions(BUFFERED)["Layers"] == ["<SharedLayer>"]
    assert {k for k in variables(BUFFERED) if k.startswith("AWS_")} == {"AWS_ENDPOINT_URL_LAMBDA"}


def test_snapshots_are_announced_to_the_app() -> None:
    given = variables(SNAPSHOTS)

    assert given["AWS_LWA_SNAPSTART_BEFORE_CHECKPOINT_PATH"] == BEFORE_SNAPSHOT
    assert given["AWS_LWA_SNAPSTART_AFTER_RESTORE_PATH"] == AFTER_RESTORE
    assert completions(SNAPSHOTS)["SnapStart"] == {"ApplyOn": "PublishedVersions"}


def test_without_snapshots_none_is_taken() -> None:
    for function in STREAMING.of_type("AWS::Serverless::Function").values():
        assert "SnapStart" not in function


def test_concurrency_is_reserved_where_it_is_asked_for() -> None:
    reserved = completions(Stack(ReservedConcurrency="20"))

    assert reserved["ReservedConcurrentExecutions"] == "20"
    assert "ReservedConcurrentExecutions" not in completions(STREAMING)


def test_what_fails_for_good_in_the_background_is_kept() -> None:
    config = STREAMING.resources["AdminFunction"]["Properties"]["EventInvokeConfig"]

    assert config["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": "<FailedInvocations.Arn>",
    }


def test_the_purge_is_an_action_of_the_admin_function() -> None:
    purge = STREAMING.resources["AdminFunction"]["Properties"]["Events"]["Purge"]

    assert purge["Properties"]["Input"] == '{"action": "purge"}'


def test_code_that_the_template_names_exists() -> None:
    for name, function in STREAMING.of_type("AWS::Serverless::Function").items():
        if function.get("PackageType") == "Image":
            assert (ROOT / STREAMING.resources[name]["Metadata"]["Dockerfile"]).is_file()
            continue
        folder = ROOT / function["CodeUri"]
        handler = function["Handler"]

        assert (folder / handler.replace(".handler", ".py")).is_file()


def test_the_web_server_listens_where_the_adapter_asks_and_keeps_connections_for_longer() -> None:
    script = (ROOT / "functions/completions/run.sh").read_text(encoding="utf-8")
    kept = re.search(r"--timeout-keep-alive (\d+)", script)

    assert '--port "${AWS_LWA_PORT}"' in script
    assert "uvicorn app:app" in script
    assert kept
    assert int(kept[1]) > 4  # what the adapter keeps its own for
    assert Path(ROOT, "functions/completions/run.sh").stat().st_mode & 0o111


async def test_nothing_is_renewed_behind_a_functions_answer() -> None:
    service = completions_root(
        Settings.model_validate({"redis_url": "redis://r", "groq_api_key": "g"})
    )

    assert service.pipeline.proxy.revalidation.inline


def test_the_completions_function_refuses_to_start_without_an_upstream() -> None:
    with pytest.raises(SettingsError, match="GROQ_API_KEY"):
        completions_root(Settings.model_validate({"redis_url": "redis://r"}))


async def test_functions_of_operators_start_without_an_upstream_and_ask_none() -> None:
    made = operator_parts(Settings.model_validate({"redis_url": "redis://r"}))

    assert made.upstream.routes("gpt-4o") == []
    assert await made.upstream.models() == []
    with pytest.raises(UpstreamError):
        await made.upstream.send(CALL)
