"""An hour at a help desk: real requests to a real proxy, whose pages are then looked at.

What is real: the process, its stores, the embedding model, every request and answer. What is not:
the hour. Each batch of requests is moved five minutes into the past once it is counted.
"""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from servers.proxy.keyed import ADMIN_KEY, KEYED
from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.answers import chat, prompt_of
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Pause, Recorded, Script, answer

BATCHES = 11
"""One fewer than the page has steps: while it is looked at, another step may begin."""
STEP_SECONDS = 300
LLAMA, MINI, OWN = "llama-3.3-70b-versatile", "gpt-4o-mini", "acme/help-desk-7b"
SETTINGS = {
    "RECENT_PROMPTS": "true",
    "SHADOW_RATE": "1",
}
TOPICS = (
    (
        ("How do I reset my password?", "How can I reset my password?"),
        "Settings, Security, Reset password. We send you a link that is valid for an hour.",
    ),
    (
        ("How long does delivery to Berlin take?", "How long does the delivery to Berlin take?"),
        "Two to three working days. You get a link to follow the parcel as soon as it leaves.",
    ),
    (("How long does delivery to Munich take?",), "Three to four working days."),
    (
        ("Can I return a product after 30 days?", "May I return a product after 30 days?"),
        "Yes: within 30 days of delivery, unused and in its packaging, and we refund all of it.",
    ),
    (("Can I return a product after 60 days?",), "No. The period for returns is 30 days."),
    (
        ("How do I enable two-factor login?", "How can I enable two-factor login?"),
        "In Settings, Security, turn on two-factor login and scan the code with your app.",
    ),
    (("How do I disable two-factor login?",), "In Settings, Security, turn it off; we ask twice."),
    (
        ("What is the difference between the Team and the Business plan?",),
        "Team is for up to 20 seats. Business adds single sign-on and audit logs.",
    ),
    (
        (
            "How do I export my invoices as a spreadsheet?",
            "How can I export my invoices as a spreadsheet?",
        ),
        "Billing, Invoices, Export. The file holds one line for each item.",
    ),
    (
        ("Which browsers are supported?", "Which browsers do you support?"),
        "The last two versions of Chrome, Edge, Firefox and Safari.",
    ),
    (
        ("Write a friendly reply to a customer whose parcel is late.",),
        "I am sorry that your parcel is late. It left our warehouse and will be with you tomorrow.",
    ),
    (
        ("How do I add a colleague to my workspace?", "How can I add a colleague to my workspace?"),
        "Workspace, People, Invite. A colleague who has an account joins at once.",
    ),
)
ANSWERS = {prompt: said for prompts, said in TOPICS for prompt in prompts}


@dataclass(frozen=True)
class Question:
    """What one request asked, and with which tags."""

    key: str
    prompt: str
    tags: tuple[str, ...]


@dataclass
class HelpDesk:
    """A proxy in keyed mode, whoever asks it, and where it keeps its log."""

    proxy: ProxyProcess
    upstream: ScriptedUpstream
    folder: Path
    chance: random.Random = field(default_factory=lambda: random.Random(17))  # noqa: S311 - a load, the same each time
    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Question] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    """How many requests had been sent before each batch."""

    @property
    def sent(self) -> int:
        """How many requests were sent."""
        return len(self.asked)

    def moved_seconds(self, place: int) -> int:
        """How far into the past the request in that place was moved."""
        return STEP_SECONDS * sum(begun > place for begun in self.batches)

    def admin(self, path: str, **fields: object) -> dict[str, Any]:
        """The answer of an operator's action that writes."""
        given = {"x-admin-key": ADMIN_KEY}
        response = httpx.post(f"{self.proxy.url}/{path}", json=fields, headers=given, timeout=30)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def read(self, path: str, **params: str) -> dict[str, Any]:
        """The answer of an operator's action that reads."""
        given = {"x-admin-key": ADMIN_KEY}
        response = httpx.get(f"{self.proxy.url}/{path}", params=params, headers=given, timeout=30)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def make_keys(self) -> None:
        """A key for each who asks."""
        for name, tenant, limits in (
            ("website", "acme", {"requests_per_minute": 900, "tokens_per_day": 150_000}),
            ("voice-bot", "globex", {"dollars_per_month": "2.5", "tokens_per_day": 40_000}),
            ("nightly-batch", "acme", {"requests_per_minute": 3}),
        ):
            made = self.admin("admin/keys/create", tenant=tenant, name=name, **limits)
            self.keys[name] = made

    def ask(self, client: httpx.Client, key: str, model: str, prompt: str, **headers: str) -> None:
        """One request; whatever becomes of it stands in the log."""
        messages = [
            {"role": "system", "content": "You work at the help desk."},
            {"role": "user", "content": prompt},
        ]
        tags = ("help", "website") if key == "website" else ("help",)
        client.post(
            "/v1/chat/completions",
            json={"model": model, "messages": messages},
            headers={
                "authorization": f"Bearer {self.keys[key]['key']}",
                "x-cache-tags": ",".join(tags),
                **headers,
            },
        )
        self.asked.append(Question(key, prompt, tags))

    def batch(self, client: httpx.Client, number: int) -> None:
        """Some twenty requests, about ever more topics."""
        self.batches.append(self.sent)
        known = TOPICS[: 3 + number]
        for _ in range(9 + self.chance.randrange(6)):
            prompts, _said = self.chance.choice(known)
            key, model = ("voice-bot", MINI) if self.chance.random() < 0.3 else ("website", LLAMA)
            self.ask(client, key, model, self.chance.choice(prompts))
        self.ask(client, "website", OWN, TOPICS[number % 3][0][0])
        if number % 4 == 1:
            self.ask(client, "website", LLAMA, TOPICS[0][0][0], **{"cache-control": "no-cache"})
            self.ask(client, "website", LLAMA, TOPICS[1][0][0], **{"x-bypass-cache": "true"})
        if number % 5 == 2:
            self.ask(client, "voice-bot", MINI, f"Summarise ticket {number}: it fails.")
        if number == BATCHES - 2:
            for _ in range(5):
                self.ask(client, "nightly-batch", LLAMA, TOPICS[0][0][0])

    def settle(self) -> None:
        """Wait until everything that was sent is counted, listed and sampled."""
        deadline = time.monotonic() + 60
        while not self.is_settled():
            if time.monotonic() > deadline:
                raise AssertionError(f"not all of {self.sent} requests were counted")
            time.sleep(0.1)

    def is_settled(self) -> bool:
        """Whether counters and list hold every request, and each semantic hit was sampled."""
        metrics = self.read("metrics")
        seen = metrics["cache_performance"]
        listed = self.read("admin/requests", limit="1")["figures"]["requests"]
        sampled = metrics["semantic_accuracy"]["shadow"]["samples"]
        return bool(
            seen["total_requests"] == listed == self.sent and sampled == seen["semantic_hits"]
        )

    def move_back(self) -> None:
        """Move what was counted and kept so far one step into the past."""
        path = self.folder / "data" / "exact.sqlite3"
        with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
            # Negated first: two rows of one key would meet on the way.
            connection.execute("UPDATE counters SET start = -start")
            connection.execute("UPDATE counters SET start = -start - ?", (STEP_SECONDS,))
            connection.execute(
                "UPDATE recent SET line = json_set(line, '$.time', line ->> '$.time' - ?)",
                (STEP_SECONDS,),
            )
            connection.execute("UPDATE records SET created_at = created_at - ?", (STEP_SECONDS,))


def _answered(request: Recorded) -> Script:
    """What the model at the upstream says, after it has thought for a moment."""
    prompt = prompt_of(request)
    wait = Pause(0.02 + len(ANSWERS.get(prompt, "")) / 2_000)
    if "it fails" in prompt:
        return [wait, *answer({"error": {"message": "Overloaded."}}, 503)]
    said = chat(ANSWERS[prompt], model=str(request.fields["model"]))
    return [wait, *answer(said | {"usage": usage_of(prompt)})]


def usage_of(prompt: str) -> dict[str, int]:
    """As many tokens as with a help desk's instructions before the prompt."""
    asked, said = 900 + 3 * len(prompt), 2 * len(ANSWERS[prompt])
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


@contextmanager
def help_desk(folder: Path) -> Iterator[HelpDesk]:
    """The desk at the end of its hour."""
    with (
        ScriptedUpstream(_answered).in_thread() as upstream,
        proxy_process(
            folder / "data",
            **KEYED,
            **SETTINGS,
            LOG_PATH=str(folder / "requests.jsonl"),
            UPSTREAM_BASE_URL=upstream.base_url,
            UPSTREAM_API_KEY="k",
        ) as proxy,
    ):
        desk = HelpDesk(proxy, upstream, folder)
        desk.make_keys()
        with httpx.Client(base_url=proxy.url, timeout=30) as client:
            for number in range(BATCHES):
                desk.batch(client, number)
                desk.settle()
                if number < BATCHES - 1:
                    desk.move_back()
        yield desk
