"""Where trouble is reported: a channel that people read."""

from typing import Protocol


class Notifier(Protocol):
    """Handles its own failures; a message that was not taken may be sent again."""

    async def send(self, text: str) -> bool:
        """Whether `text`, some lines for people, was taken."""
        ...

    async def aclose(self) -> None:
        """Close connections; the notifier is not used afterwards."""
        ...
