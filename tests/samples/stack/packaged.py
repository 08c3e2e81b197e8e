"""The stack's folders as `sam build` leaves them, for the Python that runs the tests.

The packages are those of the tests' own environment, so nothing is downloaded or compiled: what
this has compiled goes with its source, or each start of a function would compile it anew.
"""

import shutil
import struct
from importlib.metadata import distribution
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

from infra.layer_requirements import LAYER

from samples.stack.template import ROOT

_FUNCTIONS = ("functions/completions", "functions/metrics", "functions/admin", "infra/provision")
_STREAMING = "functions/completions/requirements.txt"
_AWS_SDK = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_IMAGE = "PackageType: Image\n"
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "tests", "*.pyi")
_UNCHECKED = MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
"""The header of a compiled file that is taken as it is, whatever time an archive gives its source.

https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
"""


def package_stack(folder: Path, *, image_uri: str) -> Path:
    """Fill `folder`; the template's path. The embedding function's image is named, not built."""
    for function in _FUNCTIONS:
        shutil.copytree(ROOT / function, folder / function, ignore=_LEFT_OUT)
    _copy_packages(ROOT / _STREAMING, folder / "functions/completions")
    for nested in ("infra/monitoring.yaml", "infra/network.yaml"):
        shutil.copy(ROOT / nested, folder / "infra")
    _package_layer(folder / "layers/shared/python")
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert text.count(_IMAGE) == 1
    template = folder / "template.yaml"
    template.write_text(text.replace(_IMAGE, f"{_IMAGE}      ImageUri: {image_uri}\n"))
    return template


def package_streaming_function(folder: Path) -> tuple[Path, Path]:
    """The completions function and the layer as Lambda unpacks them; both folders."""
    function, layer = folder / "task", folder / "layer/python"
    shutil.copytree(ROOT / "functions/completions", function, ignore=_LEFT_OUT)
    _copy_packages(ROOT / _STREAMING, function)
    _package_layer(layer)
    return function, layer


def add_aws_sdk(python: Path) -> None:
    """What Lambda's own folder of packages has, beside the layer's."""
    for name in _AWS_SDK:
        _copy_package(name, python)


def _package_layer(python: Path) -> None:
    source = ROOT / "layers/shared/llm_cache_proxy"
    shutil.copytree(source, python / source.name, ignore=_LEFT_OUT, copy_function=_copy_file)
    _copy_packages(ROOT / LAYER, python)


def _copy_packages(requirements: Path, python: Path) -> None:
    for line in requirements.read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition("==")
        if version:
            _copy_package(name, python)


def _copy_package(name: str, python: Path) -> None:
    installed = distribution(name)
    for file in installed.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            target = python / file
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy_file(str(installed.locate_file(file)), str(target))


def _copy_file(source: str, target: str) -> None:
    """The file, and what it was compiled to, if that is of the file as it is."""
    shutil.copyfile(source, target)
    if not source.endswith(".py"):
        return
    compiled = Path(cache_from_source(source))
    if not compiled.is_file():
        return
    code, file = compiled.read_bytes(), Path(source).stat()
    of_this = (int(file.st_mtime), file.st_size)
    if code.startswith(MAGIC_NUMBER + struct.pack("<3I", 0, *of_this)):
        beside = Path(cache_from_source(target))
        beside.parent.mkdir(exist_ok=True)
        beside.write_bytes(_UNCHECKED + code[len(_UNCHECKED) :])
