"""One row of the table of attacks: what is sent, what has to come back, and how it is done.

An attack is a callable that returns what was seen, in the words of the row's `expected`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from attacks.target import Target
from attacks.wire import Reply, exchange, shown

Fields = Mapping[str, object]
CHAT = "/v1/chat/completions"
JSON_TYPE = "application/json"


class Act(Protocol):
    """Does the attack; `sent` says in a few words what is sent."""

    @property
    def sent(self) -> str:
        """For the table."""

    def __call__(self, target: Target) -> str:
        """What was seen."""


@dataclass(frozen=True)
class Attack:
    """`expected` may name several outcomes that are right, with ` or ` between."""

    name: str
    expected: str
    act: Act

    @property
    def outcomes(self) -> frozenset[str]:
        """Each outcome that is right."""
        return frozenset(self.expected.split(" or "))


@dataclass(frozen=True)
class Group:
    """Attacks of one kind, under one heading."""

    title: str
    attacks: Sequence[Attack]


@dataclass(frozen=True)
class Request:
    """One well-formed HTTP request of its own connection.

    `{port}` in a header stands for the server's, `{admin}`, `{acme}` and `{other}` for the keys
    of the administrator and of two tenants. A header of None takes out one that is usual. `away` is
    the server that wants keys and whose stores do not answer.
    """

    path: str = CHAT
    body: Fields | bytes | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    method: str = "POST"
    keyed: bool = False
    away: bool = False
    what: str | None = None

    @property
    def sent(self) -> str:
        """The request in brief."""
        if self.what is not None:
            return self.what
        named = [f"`{k}: {v}`" for k, v in self.headers.items() if v is not None]
        absent = [f"no `{name}`" for name, value in self.headers.items() if value is None]
        body = [] if self.body is None else [f"`{_brief(self.body)}`"]
        return ", ".join([f"`{self.method} {self.path[:60]}`", *named, *absent, *body])

    def __call__(self, target: Target) -> str:
        """The status and the code, or where the answer came from; `closed` where it was cut."""
        replies, closed = exchange(self._port(target), self.encoded(target))
        return shown(replies, closed=closed)

    def reply(self, target: Target) -> Reply:
        """The one answer."""
        replies, closed = exchange(self._port(target), self.encoded(target))
        assert len(replies) == 1, shown(replies, closed=closed)
        return replies[0]

    def encoded(self, target: Target) -> bytes:
        """The request as it goes out."""
        body = b"" if self.body is None else _bytes(self.body)
        usual: dict[str, str | None] = {
            "host": "127.0.0.1:{port}",
            "connection": "close",
            "content-type": JSON_TYPE if self.method == "POST" else None,
            "content-length": str(len(body)) if body or self.method == "POST" else None,
        }
        listed = (usual | dict(self.headers)).items()
        lines = [
            f"{name}: {target.filled(value, port=self._port(target))}"
            for name, value in listed
            if value is not None
        ]
        start = f"{self.method} {self.path} HTTP/1.1"
        return "\r\n".join([start, *lines, "", ""]).encode("latin-1") + body

    def _port(self, target: Target) -> int:
        return target.port(keyed=self.keyed, away=self.away)


@dataclass(frozen=True)
class Raw:
    """Bytes as they are, in pieces; `{address}` stands for the server's, `{host}` for its line."""

    sent: str
    pieces: Sequence[bytes]
    pause_seconds: float = 0.0
    longest_seconds: float = 10.0
    ends: bool = False

    def __call__(self, target: Target) -> str:
        """Every answer, or `closed`."""
        address = b"127.0.0.1:%d" % target.port(keyed=False)
        filled = (
            piece.replace(b"{host}", b"host: " + address).replace(b"{address}", address)
            for piece in self.pieces
        )
        replies, closed = exchange(
            target.port(keyed=False),
            *filled,
            pause_seconds=self.pause_seconds,
            longest_seconds=self.longest_seconds,
            ends=self.ends,
        )
        return shown(replies, closed=closed)


@dataclass(frozen=True)
class Story:
    """Several steps that belong together."""

    sent: str
    steps: Callable[[Target], str]

    def __call__(self, target: Target) -> str:
        """What the steps say was seen."""
        return self.steps(target)


def asking(text: str, **more: object) -> dict[str, object]:
    """A chat completion's fields."""
    return {"model": "m", "messages": [{"role": "user", "content": text}], **more}


def _bytes(body: Fields | bytes) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def _brief(body: Fields | bytes) -> str:
    text = _bytes(body)[:70].decode("utf-8", "replace").replace("|", "\\|").replace("`", "'")
    shown_text = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return shown_text if len(_bytes(body)) <= 70 else f"{shown_text} ..."
