"""The image takes single modules: they must be all that the handler loads."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "shared"
DOCKERFILE = ROOT / "functions" / "embedding" / "Dockerfile"


def test_the_image_has_every_module_that_the_function_imports() -> None:
    code = (
        "import sys\n"
        "import llm_cache_proxy.adapters.embedder.minilm.embedder\n"
        "import llm_cache_proxy.api.embedding.app\n"
        "import llm_cache_proxy.api.embedding.function\n"
        "for name, module in sys.modules.items():\n"
        "    if name.split('.')[0] == 'llm_cache_proxy' and module.__file__:\n"
        "        print(module.__file__)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    imported = {str(Path(line).relative_to(ROOT)) for line in done.stdout.splitlines()}
    copied = set(re.findall(r"layers/shared/llm_cache_proxy/[\w/]+\.py", DOCKERFILE.read_text()))
    assert imported == copied


def test_every_file_that_the_image_names_exists() -> None:
    named = re.findall(r"(?:layers|functions)/[\w/.]+", DOCKERFILE.read_text())

    missing = [name for name in named if not (ROOT / name).exists()]

    assert missing == []


def test_a_direct_invocation_loads_no_web_framework() -> None:
    code = (
        "import sys\n"
        "import llm_cache_proxy.api.embedding.function\n"
        "print({'fastapi', 'starlette', 'mangum', 'anyio', 'pydantic'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "set()\n"
