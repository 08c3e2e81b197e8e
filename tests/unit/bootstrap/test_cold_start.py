"""What a start of the completions function is spared."""

import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from pydantic import BaseModel
from pydantic_settings import EnvSettingsSource

from llm_cache_proxy import api
from llm_cache_proxy.api.operators.schemas.actions import Action
from llm_cache_proxy.settings import Settings, read_settings

_BUILT = (
    "import llm_cache_proxy.bootstrap.functions.completions\n"
    "from fastapi.openapi.models import OpenAPI\n"
    "print(OpenAPI.__pydantic_complete__)"
)
_ANOTHERS = (
    "import {}\n"
    "from pydantic import BaseModel\n"
    "print(type('Another', (BaseModel,), {{}}).__pydantic_complete__, BaseModel.model_config)"
)
_LOADED = (
    "import sys, llm_cache_proxy.bootstrap.functions.completions\n"
    "print(*(name for name in sys.modules if name.startswith('llm_cache_proxy.')))"
)


def _printed(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()


def test_no_model_of_a_description_is_built_before_one_is_asked_for() -> None:
    assert _printed(_BUILT) == "False"


@pytest.mark.parametrize(
    "start",
    ["llm_cache_proxy.bootstrap.functions.completions", "llm_cache_proxy.bootstrap.local.app"],
)
def test_models_of_others_in_the_process_are_built_as_they_say(start: str) -> None:
    assert _printed(_ANOTHERS.format(start)) == "True {}"


def test_each_model_is_built_on_first_use_but_for_parameters() -> None:
    for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        importlib.import_module(module.name)

    def below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
        for each in model.__subclasses__():
            yield each
            yield from below(each)

    ours = {one for one in below(BaseModel) if one.__module__.startswith(f"{api.__name__}.")}
    assert len(ours) > 50
    at_once = {one for one in ours if not one.model_config.get("defer_build")}
    assert at_once == {Action, *below(Action)}


def test_what_compares_answers_is_not_imported_where_nothing_asks_for_it() -> None:
    loaded = _printed(_LOADED).split()

    assert "llm_cache_proxy.pipeline.composition" in loaded
    assert {
        "llm_cache_proxy.domain.answers",
        "llm_cache_proxy.pipeline.checks.agreement",
        "llm_cache_proxy.pipeline.checks.learning",
        "llm_cache_proxy.pipeline.checks.shadow_sampling",
    }.isdisjoint(loaded)


def test_every_setting_is_one_text_that_the_environment_can_hold() -> None:
    source = EnvSettingsSource(Settings)

    assert not [
        name for name, field in Settings.model_fields.items() if source.field_is_complex(field)
    ]


@pytest.mark.parametrize("name", ["SIMILARITY_THRESHOLD", "similarity_threshold"])
def test_a_variable_is_read_in_capitals_or_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "0.97")
    monkeypatch.setenv("PORT", "")

    settings = read_settings()

    assert settings.similarity_threshold == 0.97
    assert settings.port == Settings.model_fields["port"].default


_COMMANDS_ALONE = (
    "import sys, llm_cache_proxy.bootstrap.functions.completions; print('difflib' in sys.modules)"
)


def test_what_compares_names_of_variables_is_left_to_the_command() -> None:
    assert _printed(_COMMANDS_ALONE) == "False"
