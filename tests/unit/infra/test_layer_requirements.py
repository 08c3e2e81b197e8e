import pytest
from infra.layer_requirements import COMPLETIONS, LAYER, ROOT, closure, requirement_files
from packaging.requirements import Requirement


@pytest.mark.parametrize("path", [LAYER, COMPLETIONS], ids=str)
def test_what_is_checked_in_is_what_the_project_needs(path: object) -> None:
    wanted = {str(name): text for name, text in requirement_files(ROOT).items()}

    assert (ROOT / str(path)).read_text(encoding="utf-8") == wanted[str(path)], (
        "run `python infra/layer_requirements.py`"
    )


def test_what_lambda_brings_or_never_runs_is_left_out() -> None:
    carried = (ROOT / LAYER).read_text(encoding="utf-8")

    for name in ("boto3", "botocore", "onnxruntime", "tokenizers", "uvicorn", "openai"):
        assert f"\n{name}==" not in carried


def test_what_a_package_needs_elsewhere_is_not_carried_to_lambda() -> None:
    assert "pywin32" not in closure([Requirement("portalocker")])
    assert "async-timeout" not in closure([Requirement("redis")])


def test_extras_that_are_requested_are_carried() -> None:
    assert "h2" in closure([Requirement("httpx[http2]")])
    assert "h2" not in closure([Requirement("httpx")])
