"""What LocalStack's free edition cannot do is taken out of a built template.

It applies no layers, so each zip function carries the shared one's packages itself; and it runs
no functions out of images, so the embedding function is named and never called.
"""

import json
import shutil
from pathlib import Path

from infra.lean_layer import LAYER
from infra.template_file import Json, read_template

_FUNCTION = "AWS::Serverless::Function"


def bundle(template: Path, *, image_uri: str) -> Path:
    """A second template beside the built one, whose functions need no layer; its path.

    Changes the functions' folders; calling it again changes nothing more.
    """
    body = read_template(template)
    layer = body["Resources"].pop(LAYER)["Properties"]["ContentUri"]
    for resource in body["Resources"].values():
        if resource["Type"] != _FUNCTION:
            continue
        if resource["Properties"].get("PackageType") == "Image":
            resource["Properties"]["ImageUri"] = image_uri
        else:
            _carry(resource["Properties"], template.parent, layer)
    bundled = template.with_name("bundled.yaml")
    bundled.write_text(json.dumps(body), encoding="utf-8")  # JSON is YAML
    return bundled


def _carry(properties: Json, built: Path, layer: str) -> None:
    shutil.copytree(built / layer / "python", built / properties["CodeUri"], dirs_exist_ok=True)
    del properties["Layers"]
