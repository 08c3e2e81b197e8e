"""What a guided deployment talks to on this machine: MiniStack, the stores, and an upstream.

The same code as in AWS but for the build, which needs Docker (here it is the tests' own package),
and for `sam delete`, which deletes uploads at AWS's addresses alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import boto3
import pytest
from infra.demo_upstream import demo_upstream
from infra.deploy.dialogue.samconfig import SamConfig
from infra.deploy.guide import Guide
from infra.deploy.stack.aws import Aws
from infra.deploy.stack.sam import Tools
from infra.localstack.deployment import CREDENTIALS, REGISTRY
from infra.sam_local.machine import architecture
from infra.tools import program

from samples.scripted_console import ScriptedConsole
from samples.stack.packaged import package_stack
from servers.aws.ministack import ministack
from servers.qdrant.rest_server import QdrantRest
from servers.redis.process import redis_process
from servers.redis.rest_gateway import rest_gateway
from servers.requirements import require_tool
from servers.thread import ThreadServer

OF_THE_EMULATOR = (
    f"ResponseTransferMode=BUFFERED RequestsPerAddress=0 Architecture={architecture()}"
)
"""It neither streams nor has a firewall; the image is of the processor of this machine."""
SAMCONFIG = f"""version = 0.1

# For the emulator.
[dev.deploy.parameters]
parameter_overrides = "{OF_THE_EMULATOR}"

[second.deploy.parameters]
parameter_overrides = "{OF_THE_EMULATOR}"
"""
SECRETS = {"UPSTREAM_API_KEY": "sk-up", "UPSTASH_REDIS_REST_TOKEN": "tok-redis",
           "QDRANT_API_KEY": "key-qdrant"}  # fmt: skip


@dataclass
class Place:
    """Everything that a deployment talks to, and the calls that it gets."""

    environment: Mapping[str, str]
    config: SamConfig
    tools: Tools
    qdrant: QdrantRest
    upstream: str
    console: ScriptedConsole = field(default_factory=ScriptedConsole)

    def guide(self, *, dry_run: bool = False) -> Guide:
        self.console = ScriptedConsole()
        return Guide(
            self.console,
            self.environment,
            interactive=False,
            dry_run=dry_run,
            config=self.config,
            tools=self.tools,
        )

    def secret_names(self) -> set[str]:
        return {name.rsplit("/", 1)[1] for name in Aws("us-east-1").parameters_below(
            "/llm-cache-proxy/dev"
        )}  # fmt: skip


def deleted_by_cloudformation(stack: str, region: str) -> None:
    """`sam delete` looks for uploaded templates at addresses of AWS alone."""
    stacks = boto3.client("cloudformation", region_name=region)
    stacks.delete_stack(StackName=stack)
    stacks.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


@contextmanager
def place_in(folder: Path) -> Iterator[Place]:
    """Everything is there and nothing is deployed."""
    require_tool("sam")
    config = folder / "samconfig.toml"
    config.write_text(SAMCONFIG)
    qdrant = QdrantRest(api_key=SECRETS["QDRANT_API_KEY"])
    server = ThreadServer(qdrant)
    server.start()
    with (
        redis_process() as redis_url,
        rest_gateway(redis_url, SECRETS["UPSTASH_REDIS_REST_TOKEN"]) as rest_port,
        demo_upstream("127.0.0.1") as upstream,
        ministack(folder) as url,
        pytest.MonkeyPatch.context() as patched,
    ):
        environment = {
            "STAGE": "dev",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": url,
            "UPSTREAM_BASE_URL": upstream,
            "UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{rest_port}",
            "QDRANT_URL": server.url,
            "ALARM_ADDRESS": "none",
            **SECRETS,
        }
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url}.items():
            patched.setenv(name, value)  # where boto3 and sam find them
        aws = Aws("us-east-1")
        aws.put("/llm-cache-proxy/dev/TUNING", '{"EXACT_DEADLINE_SECONDS": "5"}', kind="String")
        numbers = count()
        tools = Tools(
            sam=lambda: program("sam", "samlocal"),
            build=lambda _: package_stack(
                folder / f"stack-{next(numbers)}", image_uri=f"{REGISTRY}:latest"
            ),
            no_builder=lambda: None,
            images=("--image-repository", REGISTRY),
            delete=deleted_by_cloudformation,
        )
        try:
            yield Place(environment, SamConfig(config), tools, qdrant, upstream)
        finally:
            server.stop()
