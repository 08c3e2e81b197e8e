"""samconfig.toml: where answers that are no secrets are kept, a table for each stage.

Only the lines of that stage change; what people wrote around them, comments too, stays.
"""

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from infra.deploy.dialogue.answers import Answers
from infra.deploy.dialogue.questions import NotAnswered

_FIELDS = {
    "UpstreamBaseUrl": "upstream_base_url",
    "UpstashRedisRestUrl": "upstash_url",
    "QdrantUrl": "qdrant_url",
    "AlarmAddress": "alarm_address",
}
_DEFAULT_REGION = "us-east-1"


class SamConfig:
    """The file at `path`. Each method raises NotAnswered where people have broken the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def overrides(self, stage: str) -> dict[str, str]:
        """The stage's parameters, none for a stage that is new.

        SAM takes a text, a list or a table.
        """
        given = self._table(stage, "deploy").get("parameter_overrides", "")
        if isinstance(given, Mapping):
            return {name: str(value) for name, value in given.items()}
        words = self._split(given) if isinstance(given, str) else list(_words(given))
        return {name: value for name, _, value in (word.partition("=") for word in words)}

    def region(self, stage: str) -> str:
        """The stage's region."""
        return str(self._table(stage, "global").get("region", _DEFAULT_REGION))

    def kept(self, stage: str) -> dict[str, str]:
        """The stage's earlier answers by their field's name."""
        return answers_in(self.overrides(stage)) | {"region": self.region(stage)}

    def keep(self, answers: Answers, overrides: Mapping[str, str]) -> None:
        """Write the stage's tables anew."""
        text = self._path.read_text(encoding="utf-8")
        stage = answers.stage
        given = {name: value for name, value in overrides.items() if value and name != "Revision"}
        for table, lines in _tables(answers, _quoted(given)).items():
            text = _replaced(text, f"{stage}.{table}.parameters", lines)
        tomllib.loads(text)
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(self._path)  # whole or not at all, however it is interrupted

    def _split(self, given: str) -> list[str]:
        try:
            return shlex.split(given)
        except ValueError as exc:
            raise NotAnswered(f"{self._path}: parameter_overrides: {exc}") from exc

    def _table(self, stage: str, command: str) -> Mapping[str, object]:
        try:
            table: object = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as exc:
            raise NotAnswered(f"{self._path}: it cannot be read: {exc}") from exc
        for name in (stage, command, "parameters"):
            table = table.get(name, {}) if isinstance(table, Mapping) else {}
        return table if isinstance(table, Mapping) else {}


def answers_in(parameters: Mapping[str, str]) -> dict[str, str]:
    """The answers, by field, that a stack's parameters hold."""
    return {field: parameters[name] for name, field in _FIELDS.items() if parameters.get(name)}


def _words(given: object) -> Iterable[str]:
    return map(str, given) if isinstance(given, list) else ()


def _quoted(overrides: Mapping[str, str]) -> str:
    """One TOML string that SAM splits as a shell would."""
    words = " ".join(f"{name}={shlex.quote(value)}" for name, value in overrides.items())
    return words.replace("\\", "\\\\").replace('"', '\\"')


def _tables(answers: Answers, overrides: str) -> dict[str, list[str]]:
    return {
        "global": [f'stack_name = "{answers.stack}"', f'region = "{answers.region}"'],
        "build": [
            "use_container = true",
            'container_env_var = "PIP_NO_DEPS=1"',
            "cached = true",
        ],
        "deploy": [
            'capabilities = "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"',
            "resolve_s3 = true",
            "resolve_image_repos = true",
            "confirm_changeset = false",
            "fail_on_empty_changeset = false",
            f's3_prefix = "{answers.stack}"',
            f'tags = "application=llm-cache-proxy stage={answers.stage}"',
            f'parameter_overrides = "{overrides}"',
        ],
    }


def _replaced(text: str, header: str, lines: list[str]) -> str:
    """`text` with these settings in the table of that header, which is added where it is missing.

    Settings of the table that are not among them stay.
    """
    until = r"(?=^\[|^# -{5,}|\Z)"  # the next table, or the line before it that people wrote
    table = rf"^\[{re.escape(header)}\]\n(.*?){until}"
    found = re.search(table, text, re.MULTILINE | re.DOTALL)
    if found is None:
        return text.rstrip("\n") + f"\n\n[{header}]\n" + "\n".join(lines) + "\n"
    named = {line.partition(" ")[0] for line in lines}
    others = [
        line
        for line in found[1].splitlines()
        if line.strip() and line.partition("=")[0].strip() not in named
    ]
    body = "\n".join([*lines, *others]) + "\n\n"
    return (text[: found.start(1)] + body + text[found.end(1) :]).rstrip("\n") + "\n"
