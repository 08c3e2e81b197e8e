"""Lambda carries what the groups of pyproject.toml need, at the versions of uv.lock."""

import re
import tomllib
from pathlib import Path

import pytest
from infra.layer_requirements import (
    COMPLETIONS,
    EMBEDDING,
    LAYER,
    ROOT,
    Lock,
    closure,
    read_lock,
    requirement_files,
)
from packaging.requirements import Requirement

EVERY_FILE = [LAYER, COMPLETIONS, EMBEDDING]


@pytest.fixture(scope="module")
def lock() -> Lock:
    return read_lock(ROOT)


@pytest.mark.parametrize("path", EVERY_FILE, ids=str)
def test_what_is_checked_in_is_what_the_project_needs(path: Path) -> None:
    wanted = requirement_files(ROOT)[path]

    assert (ROOT / path).read_text(encoding="utf-8") == wanted, "run `make lock`"


def test_what_lambda_brings_or_never_runs_is_left_out() -> None:
    carried = (ROOT / LAYER).read_text(encoding="utf-8")

    for name in ("boto3", "botocore", "click", "onnxruntime", "tokenizers", "uvicorn", "openai"):
        assert f"\n{name}==" not in carried


def test_every_name_of_a_group_is_a_dependency_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = {Requirement(text).name for text in project["project"]["dependencies"]}

    for group in ("layer", "streaming"):
        assert {Requirement(text).name for text in project["dependency-groups"][group]} <= named


def test_what_a_package_needs_elsewhere_is_not_carried_to_lambda(lock: Lock) -> None:
    assert "pywin32" not in closure(lock, [Requirement("portalocker")])
    assert "async-timeout" not in closure(lock, [Requirement("redis")])


def test_extras_that_are_requested_are_carried(lock: Lock) -> None:
    assert "h2" in closure(lock, [Requirement("httpx[http2]")])
    assert "h2" not in closure(lock, [Requirement("httpx")])


def test_a_package_that_is_not_locked_is_named() -> None:
    with pytest.raises(SystemExit, match=r"uv\.lock has no nothing"):
        Lock({}).version("nothing")


def locked() -> list[dict[str, object]]:
    text = (ROOT / "uv.lock").read_text(encoding="utf-8")
    packages: list[dict[str, object]] = tomllib.loads(text)["package"]
    return packages


def test_the_lock_is_of_the_dependencies_that_the_project_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    metadata = next(each for each in locked() if each["name"] == "llm-cache-proxy")["metadata"]
    assert isinstance(metadata, dict)
    needed = [*project["project"]["dependencies"]]
    for texts in project["project"]["optional-dependencies"].values():
        needed += texts
    declared = {"": needed, **project["dependency-groups"]}
    groups = {"": metadata["requires-dist"], **metadata["requires-dev"]}

    for group, texts in declared.items():
        wanted = {(_name(text), str(Requirement(text).specifier)) for text in texts}
        found = {(each["name"], each.get("specifier", "")) for each in groups[group]}
        assert {(name, _sorted(spec)) for name, spec in wanted} == {
            (name, _sorted(spec)) for name, spec in found
        }, "run `make lock`"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-command.txt"])
def test_pip_installs_the_versions_and_hashes_of_the_lock(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^([\w.-]+)==([^ ;\\]+)[^\n]*\n((?:    --hash.*\n?)+)", text, re.MULTILINE)
    exported = {
        (name, version): set(re.findall(r"sha256:\w+", hashes)) for name, version, hashes in blocks
    }
    by_package = {
        (each["name"], each["version"]): set(re.findall(r"sha256:\w+", str(each)))
        for each in locked()
    }

    assert exported
    for package, hashes in exported.items():
        assert hashes <= by_package[package], f"{package}: run `make lock`"


@pytest.mark.parametrize(
    ("name", "groups"), [("requirements.txt", ["dev"]), ("requirements-command.txt", [])]
)
def test_pip_installs_all_that_is_needed(lock: Lock, name: str, groups: list[str]) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    exported = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
    project = lock.packages["llm-cache-proxy"]
    wanted = [*project["dependencies"]]
    for group in groups:
        wanted += project["dev-dependencies"][group]

    needed = closure(lock, [_requirement(each) for each in wanted])

    assert needed <= exported, "run `make lock`"


def _requirement(entry: dict[str, object]) -> Requirement:
    extras = entry.get("extra")
    assert extras is None or isinstance(extras, list)
    return Requirement(f"{entry['name']}[{','.join(extras)}]" if extras else str(entry["name"]))


def _name(text: str) -> str:
    return Requirement(text).name.replace("_", "-")


def _sorted(specifier: str) -> str:
    return ",".join(sorted(specifier.split(",")))


def test_the_server_behind_the_web_adapter_parses_requests_in_c() -> None:
    """uvicorn takes httptools where it is there, and h11, in Python, where it is not."""
    assert "\nhttptools==" in (ROOT / COMPLETIONS).read_text(encoding="utf-8")
