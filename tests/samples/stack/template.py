"""The CloudFormation template as a deployment sees it: intrinsics worked out for some parameters.

References to other resources stay readable: `!GetAtt X.Arn` is `<X.Arn>`, `!Ref X` is `<X>`.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from infra.template_file import Json, read_template
from infra.tools import ROOT

__all__ = ["ROOT", "Json", "Stack", "template"]

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "lcp",
    "AWS::URLSuffix": "amazonaws.com",
}
NOTHING = object()


@lru_cache
def template(path: str = "template.yaml") -> Json:
    """The file as it is written, short forms made long."""
    return read_template(ROOT / path)


class Stack:
    """What a deployment with these parameters makes of `body`."""

    def __init__(self, body: Json | None = None, /, **parameters: str) -> None:
        self._body = template() if body is None else body
        defaults = {k: v.get("Default") for k, v in self._body.get("Parameters", {}).items()}
        unknown = parameters.keys() - defaults.keys()
        assert not unknown, f"no such parameters: {unknown}"
        self._values: dict[str, object] = {**PSEUDO, **defaults, **parameters}

    @property
    def resources(self) -> dict[str, Json]:
        """Those whose condition holds, by logical id."""
        return {
            name: self.resolved(resource)
            for name, resource in self._body["Resources"].items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, Json]:
        """The properties of every resource of that type."""
        return {
            name: resource["Properties"]
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def outputs(self) -> dict[str, str]:
        """What the deployment tells."""
        return {
            name: self.resolved(output["Value"])
            for name, output in self._body["Outputs"].items()
            if "Condition" not in output or self.holds(output["Condition"])
        }

    def holds(self, condition: str) -> bool:
        """Whether a condition of the template holds."""
        return bool(self._truth(self._body["Conditions"][condition]))

    def resolved(self, value: Json) -> Json:
        """`value` without intrinsics."""
        if isinstance(value, list):
            return [item for item in map(self.resolved, value) if item is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1 and (intrinsic := self._intrinsics().get(next(iter(value)))):
            return intrinsic(next(iter(value.values())))
        found = {key: self.resolved(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not NOTHING}

    def _intrinsics(self) -> dict[str, Callable[[Json], Json]]:
        return {
            "Ref": self._reference,
            "Fn::If": lambda given: self.resolved(given[1 if self.holds(given[0]) else 2]),
            "Fn::GetAtt": lambda given: f"<{'.'.join(given)}>",
            "Fn::Sub": self._substituted,
            "Fn::FindInMap": self._mapped,
            "Fn::Select": lambda given: self.resolved(given[1])[int(given[0])],
            "Fn::Split": lambda given: self.resolved(given[1]).split(given[0]),
        }

    def _truth(self, value: Json) -> object:
        if not isinstance(value, dict):
            return value
        name, argument = next(iter(value.items()))
        if name == "Condition":
            return self.holds(argument)
        if name == "Fn::Equals":
            one, other = map(self.resolved, argument)
            return str(one) == str(other)  # parameters are text, numbers too
        operands = [bool(self._truth(operand)) for operand in argument]
        return {"Fn::Not": not operands[0], "Fn::And": all(operands), "Fn::Or": any(operands)}[name]

    def _reference(self, name: str) -> Json:
        if name == "AWS::NoValue":
            return NOTHING
        return self._values.get(name, f"<{name}>")

    def _mapped(self, argument: Json) -> Json:
        found = self._body["Mappings"]
        for name in argument:
            found = found[self.resolved(name)]
        return found

    def _substituted(self, argument: Json) -> str:
        text, given = argument if isinstance(argument, list) else (argument, {})
        known = {key: self.resolved(item) for key, item in given.items()}
        return re.sub(
            r"\$\{([\w:.]+)\}",
            lambda match: str(known.get(match[1], self._reference(match[1]))),
            text,
        )
