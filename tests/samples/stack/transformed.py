"""The template after SAM's own transform, made by its own translator."""

import copy
import json
import subprocess
from collections.abc import Mapping

from infra.sam_local.machine import sam_environment

from samples.stack.template import Json, Stack, template
from servers.requirements import require_tool

# Runs in the environment of AWS SAM CLI, whose packages cannot be beside ours. No managed policy
# is looked up, for no function has one.
_TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform

class NoPolicies:
    def load(self):
        return {}

given = json.load(sys.stdin)
json.dump(transform(given["template"], given["parameters"], NoPolicies()), sys.stdout)
"""


def transformed(code: Mapping[str, str] | None = None, /, **parameters: str) -> Stack:
    """The stack as CloudFormation makes it with these parameters.

    `code` names where the code of a resource is uploaded to, if not to the usual place.
    """
    done = subprocess.run(
        [require_tool("sam") / "bin" / "python", "-c", _TRANSFORM],
        env=sam_environment(),
        input=json.dumps({"template": _uploaded(template(), code or {}), "parameters": parameters}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Stack(json.loads(done.stdout), **parameters)


def _uploaded(body: Json, places: Mapping[str, str]) -> Json:
    """`body` as `sam package` leaves it: code is in a bucket, the image in a registry."""
    packaged = copy.deepcopy(body)
    for name, resource in packaged["Resources"].items():
        properties = resource["Properties"]
        for code in {"CodeUri", "ContentUri"} & properties.keys():
            properties[code] = f"s3://bucket/{places.get(name, name)}"
        if properties.get("PackageType") == "Image":
            properties["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:tag"
    return packaged
