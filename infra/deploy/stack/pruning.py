"""Old versions and images: kept are those that somebody may want to go back to.

A version counts towards Lambda's storage, and with SnapStart each is charged for its snapshot.
"""

import json
from typing import Any

from infra.deploy.stack.aws import Aws, AwsError

KEPT_VERSIONS = 3
KEPT_IMAGES = 5
_FUNCTIONS = ("completions", "embedding", "metrics", "admin", "provision")


def superfluous(versions: list[int], aliased: frozenset[int]) -> list[int]:
    """Versions to delete: neither the newest nor behind an alias."""
    return [version for version in sorted(versions)[:-KEPT_VERSIONS] if version not in aliased]


def prune(aws: Aws, stack: str) -> int:
    """Delete the stack's old versions; how many. Raises AwsError."""
    functions = aws.client("lambda")
    deleted = 0
    for name in (f"{stack}-{function}" for function in _FUNCTIONS):
        for version in superfluous(_versions(functions, name), _aliased(functions, name)):
            functions.delete_function(FunctionName=name, Qualifier=str(version))
            deleted += 1
    return deleted


def bound_images(aws: Aws, stack: str) -> None:
    """Let the registry delete all but the newest images of the embedding function."""
    try:
        code = aws.client("lambda").get_function(FunctionName=f"{stack}-embedding")["Code"]
        repository = str(code["ImageUri"]).split("/", 1)[1].split("@")[0].split(":")[0]
        aws.client("ecr").put_lifecycle_policy(
            repositoryName=repository, lifecyclePolicyText=json.dumps(LIFECYCLE)
        )
    except (*AwsError, KeyError, IndexError):
        return  # the stack's embedder is elsewhere, or its images are another's to look after


LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "Versions that one may go back to",
            "selection": {
                "tagStatus": "any",
                "countType": "imageCountMoreThan",
                "countNumber": KEPT_IMAGES,
            },
            "action": {"type": "expire"},
        }
    ]
}


def _versions(functions: Any, name: str) -> list[int]:  # noqa: ANN401 - boto3's client
    try:
        pages = list(
            functions.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        )
    except functions.exceptions.ResourceNotFoundException:
        return []
    found = [version["Version"] for page in pages for version in page["Versions"]]
    return [int(version) for version in found if version != "$LATEST"]


def _aliased(functions: Any, name: str) -> frozenset[int]:  # noqa: ANN401 - boto3's client
    try:
        aliases = functions.list_aliases(FunctionName=name)["Aliases"]
    except functions.exceptions.ResourceNotFoundException:
        return frozenset()
    named = {alias["FunctionVersion"] for alias in aliases}
    for alias in aliases:  # a rollout in progress has two
        named |= (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights", {}).keys()
    return frozenset(int(version) for version in named if version != "$LATEST")
