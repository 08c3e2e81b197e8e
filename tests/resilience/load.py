"""A steady load on a running proxy, and what became of each request."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import httpx

_THREADS = 3
_PAUSE_SECONDS = 0.04
_KNOWN = ("What is Rust?", "Tell me what Rust is", "How do tides come about?", "What is entropy?")
_PAIR = ("What is Rust?", "Tell me what Rust is")

Question = Callable[[int, int], tuple[str, str]]
"""From a thread's number and how often it has asked, a namespace and a text."""


def known_and_new(thread: int, number: int) -> tuple[str, str]:
    """The same few questions again and again, and a new one now and then."""
    new = f"Say the number {thread}{number}"
    return "load", new if number % 7 == 0 else _KNOWN[number % len(_KNOWN)]


def pairs(thread: int, number: int) -> tuple[str, str]:
    """A question, and then its paraphrase, in a namespace of their own: a miss, a semantic hit."""
    return f"pair-{thread}-{number // 2}", _PAIR[number % 2]


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it ended, what came back, how long it took; `error` where nothing did."""

    at: float
    status: int
    x_cache: str
    seconds: float
    error: str = ""
    reason: str = ""


class Load:
    """Asks what `question` says, and never stops for a failure.

    Its namespaces are its own: what it asks anew is a miss, whatever was asked before it.
    """

    def __init__(self, base_url: str, question: Question = known_and_new) -> None:
        self._url = f"{base_url}/chat/completions"
        self._question = question
        self._name = uuid4().hex[:8]
        self._samples: list[Sample] = []
        self._stop = threading.Event()

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Ask while the block runs."""
        threads = [
            threading.Thread(target=self._ask_on, args=(number,), daemon=True)
            for number in range(_THREADS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(90)

    def since(self, start: float) -> list[Sample]:
        """Requests that ended after `start` (monotonic)."""
        return [sample for sample in list(self._samples) if sample.at >= start]

    def wait_for(self, x_cache: str, *, since: float, within_seconds: float) -> float:
        """How long after `since` an answer came from there; fails where none did in time."""
        while time.monotonic() - since < within_seconds:
            for sample in self.since(since):
                if sample.x_cache == x_cache:
                    return sample.at - since
            time.sleep(0.02)
        seen = [(sample.x_cache, sample.reason, sample.status) for sample in self.since(since)]
        raise AssertionError(f"no {x_cache} within {within_seconds} s, only {seen[-20:]}")

    def wait_for_more_than(
        self, count: int, *, since: float, within_seconds: float
    ) -> list[Sample]:
        """The requests that ended after `since`, once there are so many; fails where they stay."""
        while len(ended := self.since(since)) <= count:
            assert time.monotonic() - since < within_seconds, f"only {ended}"
            time.sleep(0.02)
        return ended

    def _ask_on(self, thread: int) -> None:
        number = 0
        with httpx.Client(timeout=60) as client:
            while not self._stop.is_set():
                self._samples.append(self._ask(client, *self._question(thread, number)))
                number += 1
                time.sleep(_PAUSE_SECONDS)

    def _ask(self, client: httpx.Client, namespace: str, text: str) -> Sample:
        start = time.monotonic()
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        headers = {"x-cache-namespace": f"{self._name}-{namespace}"}
        try:
            answer = client.post(self._url, json=body, headers=headers)
        except httpx.HTTPError as exc:
            now = time.monotonic()
            return Sample(now, 0, "", now - start, repr(exc))
        now = time.monotonic()
        x_cache, reason = answer.headers["x-cache"], answer.headers["x-cache-reason"]
        return Sample(now, answer.status_code, x_cache, now - start, reason=reason)
