"""Reading the CloudFormation templates: YAML with intrinsics in either form."""

from pathlib import Path
from typing import Any

import yaml

Json = Any
"""A template is JSON of any shape; whoever reads one knows the part that it looks at."""


class _Loader(yaml.SafeLoader):
    pass


def read_template(path: Path) -> Json:
    """The file as it is written, short forms of intrinsics made long."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader


def _long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Json:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        text = loader.construct_scalar(node)
        return {name: text.split(".", 1) if suffix == "GetAtt" else text}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    raise TypeError(node)


_Loader.add_multi_constructor("!", _long_form)
