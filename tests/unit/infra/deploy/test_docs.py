import json
import re
import subprocess

import pytest

from samples.stack.template import ROOT, Stack, template

TEXT = (ROOT / "docs/deploy.md").read_text(encoding="utf-8")
STACK = Stack(QdrantUrl="https://q.example")


def test_what_the_docs_name_is_in_the_template() -> None:
    body = template()
    known = body["Parameters"].keys() | body["Outputs"].keys()
    named = set(re.findall(r"`([A-Z][a-z]+(?:[A-Z][a-z]*)+)\b[^`]*`", TEXT))

    assert len(named) > 10
    assert named <= known


@pytest.mark.parametrize("name", ["completions", "embedding", "metrics", "admin", "provision"])
def test_memory_and_timeouts_are_those_of_the_template(name: str) -> None:
    function = STACK.of_type("AWS::Serverless::Function")[f"{name.capitalize()}Function"]
    (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| {name} |"))

    assert row.split("|")[2].strip().startswith(f"{function['MemorySize']:,} MB")
    assert row.split("|")[3].strip().startswith(f"{function['Timeout']} s")


@pytest.mark.parametrize(("arguments", "replaces"), [("GROQ_API_KEY", True), ("$own false", False)])
def test_the_stacks_own_keys_are_never_replaced_by_hand(arguments: str, *, replaces: bool) -> None:
    """The block may be pasted again; clients' keys are signed with one of them."""
    [put] = re.findall(r"^put\(\) \{.*?^\s+\|", TEXT, re.MULTILINE | re.DOTALL)
    shown = put.removesuffix("|").rstrip().removesuffix("\\") + "; }"

    typed = ["bash", "-c", f"{shown}\nown=ADMIN_KEY; put {arguments}"]
    printed = subprocess.run(typed, input="value\n", capture_output=True, text=True, check=True)

    assert f"put {arguments}" in TEXT
    assert json.loads(printed.stdout)["Overwrite"] is replaces
