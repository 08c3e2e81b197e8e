"""What a scripted upstream does with a connection, step by step, down to the byte."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event


@dataclass(frozen=True, slots=True)
class Send:
    """Bytes on the wire as they are."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Silence for a while."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """Silence until somebody sets the event, on whatever thread."""

    event: Event


@dataclass(frozen=True, slots=True)
class Stall:
    """Silence until the client leaves."""


@dataclass(frozen=True, slots=True)
class Close:
    """The connection ends in order (FIN)."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection is reset (RST)."""


Step = Send | Pause | Until | Stall | Close | Cut
Script = Sequence[Step]


@dataclass
class Recorded:
    """One request as it came; `left` is set if the client went before the script was through."""

    number: int
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    left: Event = field(default_factory=Event)
    answered: Event = field(default_factory=Event)

    @cached_property
    def fields(self) -> dict[str, object]:
        """The body's JSON object, empty where it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


Maker = Callable[[Recorded], Script]


def head(status: int = 200, headers: Mapping[str, str] | None = None) -> Send:
    """A status line and headers, nothing added."""
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    return Send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> list[Step]:
    """A whole answer with its length: bytes as they are, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"content-type": "application/json", "content-length": str(len(data))}
    return [head(status, named | dict(headers or {})), Send(data)]


def chunk(data: bytes) -> Send:
    """One chunk of a chunked answer."""
    return Send(b"%x\r\n%s\r\n" % (len(data), data))


END = Send(b"0\r\n\r\n")


def stream(
    parts: Iterable[bytes],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    pause_seconds: float = 0.0,
    end: Sequence[Step] = (END,),
) -> list[Step]:
    """A chunked answer, a chunk per part, a pause before each but the first; then `end`."""
    named = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
    steps: list[Step] = [head(status, named | dict(headers or {}))]
    for number, part in enumerate(parts):
        if number and pause_seconds:
            steps.append(Pause(pause_seconds))
        steps.append(chunk(part))
    return [*steps, *end]


def sse(events: Iterable[object], *, newline: str = "\n", done: bool = True) -> bytes:
    """Events as SSE; a string is sent as it stands, anything else as `data:` with its JSON."""
    lines = [
        event if isinstance(event, str) else f"data: {json.dumps(event, ensure_ascii=False)}"
        for event in events
    ]
    ended = [*lines, "data: [DONE]"] if done else lines
    return "".join(f"{line}{newline}{newline}" for line in ended).encode()


def pieces(data: bytes, size: int = 1) -> list[bytes]:
    """`data` in parts of `size` bytes, split wherever that falls."""
    return [data[start : start + size] for start in range(0, len(data), size)]


def cut_after(script: Script, count: int, end: Step | None = None) -> list[Step]:
    """`script` up to its `count`-th byte on the wire; then `end`, by default a reset."""
    steps: list[Step] = []
    left = count
    for step in script:
        if isinstance(step, Send):
            steps.append(Send(step.data[:left]))
            left -= len(step.data)
            if left <= 0:
                break
        else:
            steps.append(step)
    return [*steps, end or Cut()]
