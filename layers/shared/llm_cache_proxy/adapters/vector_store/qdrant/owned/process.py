"""The process that owns the semantic store, and the socket at which it answers.

The socket is made here and handed down, so that it outlives each owner: who connects while there
is none waits for the next, as long as it likes.
"""

import shutil
import socket
import tempfile
from dataclasses import asdict
from pathlib import Path

from llm_cache_proxy.adapters.kept_process import DidNotStart, KeptProcess
from llm_cache_proxy.adapters.vector_store.qdrant.owned.given import OwnerGiven
from llm_cache_proxy.domain.errors import SettingsError

_PROGRAM = "llm_cache_proxy.adapters.vector_store.qdrant.owned.program"
_STOP_SECONDS = 20.0
_WAITING_CONNECTIONS = 128
_NAME = "vectors"
_SHORT = "/tmp"  # noqa: S108 - mkdtemp makes a folder of its own there # nosec B108


class OwnerProcess:
    """An owner of the store that `given` names, from `start` to `stop`."""

    def __init__(self, given: OwnerGiven) -> None:
        self._given = given
        self._folder: Path | None = None
        self._listening: socket.socket | None = None
        self._process: KeptProcess | None = None

    @property
    def process_id(self) -> int | None:
        """Of the owner that runs now."""
        return None if self._process is None else self._process.process_id

    async def start(self) -> Path:
        """Start it; the address at which it answers. Raises `SettingsError` where it does not."""
        self._folder, self._listening = _listening()
        address = self._folder / _NAME
        descriptor = self._listening.fileno()
        self._process = KeptProcess(
            "the semantic store's process",
            _PROGRAM,
            {"given": asdict(self._given), "descriptor": descriptor},
            [descriptor],
            stop_seconds=_STOP_SECONDS,
        )
        try:
            await self._process.start()
        except (DidNotStart, OSError) as exc:
            await self.stop()
            raise SettingsError(f"the semantic store's process does not start: {exc}") from exc
        return address

    async def stop(self) -> None:
        """Let it close its files and end, and take the socket away."""
        if self._process is not None:
            await self._process.stop()
        if self._listening is not None:
            self._listening.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _listening() -> tuple[Path, socket.socket]:
    """A socket in a new folder for this user alone. Raises `SettingsError`."""
    try:
        return _listening_below(None)
    except OSError:  # TMPDIR's path may be longer than a socket's can be
        pass
    try:
        return _listening_below(_SHORT)
    except OSError as exc:
        raise SettingsError(
            f"TMPDIR: no socket can be made there, nor in {_SHORT} ({exc.strerror or exc}). "
            "Set it to a folder that can be written to, with a short path."
        ) from exc


def _listening_below(parent: str | None) -> tuple[Path, socket.socket]:
    folder = Path(tempfile.mkdtemp(prefix="llm-cache-proxy-", dir=parent))
    try:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(folder / _NAME))
            listening.listen(_WAITING_CONNECTIONS)
        except OSError:
            listening.close()
            raise
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder, listening
