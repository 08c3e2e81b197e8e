"""What AWS's own tools and a security scanner find in the templates: nothing that is not justified.

What checkov leaves out, and why, stands in infra/checkov.yaml.
"""

import subprocess
from collections.abc import Sequence

import pytest
from infra.sam_local.machine import sam_environment

from samples.stack.template import ROOT
from servers.requirements import require_tool

pytestmark = pytest.mark.timeout(1200)  # the first time, the tools are installed

TEMPLATES = ("template.yaml", "infra/monitoring.yaml")


@pytest.mark.parametrize(
    ("tool", "command"),
    [
        ("sam", ["sam", "validate", "--lint"]),
        ("sam", ["cfn-lint", *TEMPLATES]),
        ("checkov", ["checkov", "--config-file", "infra/checkov.yaml"]),
    ],
    ids=lambda given: given if isinstance(given, str) else given[0],
)
def test_the_templates_pass(tool: str, command: Sequence[str]) -> None:
    name, *arguments = command

    done = subprocess.run(
        [require_tool(tool) / "bin" / name, *arguments],
        cwd=ROOT,
        env=sam_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
