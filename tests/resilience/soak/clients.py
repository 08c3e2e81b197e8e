"""A hundred clients of three tenants, each answer compared with its prompt and its tenant.

An answer holds the number that the upstream gave it: no two tenants may ever see the same one.
"""

import asyncio
import json
import random
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from servers.upstream.answers import CountingAnswers, chat_chunks, prompt_of
from servers.upstream.scripts import Cut, Recorded, Script, answer, sse, stream

TENANTS = ("acme", "globex", "initech")
CLIENTS = 100
KNOWN = 40
FAILING, CUT, SLOW = "Fail at", "Break off at", "Take your time with"
PAIRS = (
    ("What is Rust?", "Tell me what Rust is"),
    ("What is entropy?", "Tell me what entropy is"),
)
_TLS = ssl.create_default_context()
"""Made once: a context for each client takes longer than the test."""
_COUNTING, _SLOWLY = CountingAnswers(), CountingAnswers(word_seconds=0.2)


def upstream_script(request: Recorded) -> Script:
    """As `CountingAnswers`, but some prompts fail, break off, or take their time."""
    text = prompt_of(request)
    if text.startswith(FAILING):
        return answer({"error": {"message": "overloaded", "type": "server_error"}}, 500)
    if text.startswith(CUT) and request.fields.get("stream") is True:
        begun = chat_chunks("a beginning without an end")[:3]
        return stream([sse([event], done=False) for event in begun], end=[Cut()])
    if text.startswith(CUT):
        return [*answer({"cut": "short"})[:1], Cut()]
    return (_SLOWLY if text.startswith(SLOW) else _COUNTING)(request)


@dataclass
class Soak:
    """`keys` are one client key by tenant; `wrong` tells of each answer that was not right."""

    base_url: str
    keys: dict[str, str]
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)

    async def run(self, seconds: float, each_second: Callable[[float], None]) -> None:
        """Ask for so long; `each_second` gets the seconds that have passed."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number in range(CLIENTS):
                tasks.create_task(self._client(number, began + seconds))
            while (passed := time.monotonic() - began) < seconds:
                each_second(passed)
                await asyncio.sleep(1)

    async def _client(self, number: int, until: float) -> None:
        chance = random.Random(number)  # noqa: S311 - repeated, not secret
        tenant = TENANTS[number % len(TENANTS)]
        bearer = {"authorization": f"Bearer {self.keys[tenant]}"}
        transport = httpx.AsyncHTTPTransport(verify=_TLS, limits=httpx.Limits(max_connections=1))
        async with httpx.AsyncClient(headers=bearer, timeout=60, transport=transport) as client:
            asked = 0
            while time.monotonic() < until:
                asked += 1
                try:
                    await self._ask(client, tenant, chance, f"{number}-{asked}")
                except (httpx.HTTPError, ValueError, LookupError) as exc:
                    self.wrong.append(f"lost: {number}-{asked} {exc!r}")

    async def _ask(
        self, client: httpx.AsyncClient, tenant: str, chance: random.Random, name: str
    ) -> None:
        """One request of a kind that chance picks."""
        streamed = chance.random() < 0.4
        match chance.randrange(12):
            case 0 | 1:
                await self._right(client, tenant, f"Say {name}", streamed=streamed)
            case 2:
                pair = chance.choice(PAIRS)
                among = f"pair-{chance.randrange(50)}"
                await self._right(client, tenant, *pair, streamed=streamed, namespace=among)
                await self._right(client, tenant, *pair[::-1], streamed=streamed, namespace=among)
            case 3:
                await self._failed(client, f"{FAILING} {name}", streamed=streamed)
            case 4:
                await self._failed(client, f"{CUT} {name}", streamed=streamed)
            case 5:
                await self._left(client, f"{SLOW} {name}")
            case 6:
                refused = await client.post(self._url, content=b"{", headers=_JSON)
                self._expect(refused.status_code == 400, f"{refused.status_code} for no JSON")
            case _:
                text = f"What is thing number {chance.randrange(KNOWN)}?"
                await self._right(client, tenant, text, streamed=streamed)

    async def _right(
        self,
        client: httpx.AsyncClient,
        tenant: str,
        text: str,
        *paraphrases: str,
        streamed: bool,
        namespace: str = "known",
    ) -> None:
        """The whole answer is to this text, or to one that means the same, and this tenant's."""
        headers = {"x-cache-namespace": namespace}
        reply = await client.post(self._url, json=_body(text, streamed), headers=headers)
        self.seen[reply.headers.get("x-cache", str(reply.status_code))] += 1
        said = _said(reply, streamed)
        numbered, _, prompt = said.partition(" to: ")
        owner = self.owners.setdefault(numbered, tenant)
        self._expect(prompt in {text, *paraphrases}, f"{text!r} got {reply.status_code} {said!r}")
        self._expect(owner == tenant, f"{tenant} got {said!r}, which is {owner}'s")

    async def _failed(self, client: httpx.AsyncClient, text: str, *, streamed: bool) -> None:
        """An error, or a stream that says that it broke off."""
        reply = await client.post(self._url, json=_body(text, streamed))
        self.seen["failed as it should"] += 1
        failed = reply.status_code >= 500 or '"error"' in reply.text
        self._expect(failed, f"{text!r} got {reply.status_code} {reply.text[:200]!r}")

    async def _left(self, client: httpx.AsyncClient, text: str) -> None:
        """The client goes after the first piece."""
        async with client.stream("POST", self._url, json=_body(text, streamed=True)) as reply:
            await anext(reply.aiter_bytes())
        self.seen["left"] += 1

    def _expect(self, right: bool, what: str) -> None:
        if not right:
            self.wrong.append(what)

    @property
    def _url(self) -> str:
        return f"{self.base_url}/chat/completions"


_JSON = {"content-type": "application/json"}


def _body(text: str, streamed: bool) -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": text}], "stream": streamed}


def _said(reply: httpx.Response, streamed: bool) -> str:
    if not streamed:
        return str(reply.json()["choices"][0]["message"]["content"])
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    if lines[-1:] != ["[DONE]"]:
        return f"no end: {lines[-1:]}"
    chunks = [json.loads(line) for line in lines[:-1]]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)
