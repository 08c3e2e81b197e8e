"""A promise in the running command, before an upstream that words each answer anew."""

import itertools
from pathlib import Path
from typing import Any

import httpx
from click.testing import CliRunner

from llm_cache_proxy.cli.admin.commands import admin
from llm_cache_proxy.domain.promise import group_of
from servers.proxy.process import ProxyProcess, proxy_process
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Maker, Script, answer
from servers.waiting import eventually

PROMPT = "How do I boil an egg?"
PARAPHRASE = "How can I boil an egg?"
OTHER_PROMPT = "How do I peel a boiled egg?"
OTHER_PARAPHRASE = "How can I peel a boiled egg?"
READ_ONLY = {"x-cache-mode": "read-only"}
LABELS, MOST_ROUNDS = 100, 40

WRONG_EVERY = 5
"""In the second part of the test every so many answers are about something else."""

WORDINGS = (
    "Put the egg into boiling water and take it out after {} minutes.",
    "Boil water, lower the egg into it, and wait for about {} minutes.",
    "Let the egg simmer in boiling water for some {} minutes, then cool it.",
    "An egg needs about {} minutes in boiling water. Cool it with cold water afterwards.",
)
SHIPS = "Sailors steer their ships by night along the stars."


def worded(*, wrong_every: int = 0) -> Maker:
    """An answer in other words each time; a wrong one every so many times."""
    numbers = itertools.count(1)

    def make(_: object) -> Script:
        number = next(numbers)
        text = WORDINGS[number % len(WORDINGS)].format("eight")
        if wrong_every and number % wrong_every == 0:
            text = SHIPS
        message = {"role": "assistant", "content": text}
        return answer({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    return make


def ask(
    client: httpx.Client, proxy: ProxyProcess, text: str, system: str = "", **headers: str
) -> httpx.Response:
    before = [{"role": "system", "content": system}] if system else []
    body = {"model": "m", "messages": [*before, {"role": "user", "content": text}]}
    return client.post(f"{proxy.base_url}/chat/completions", json=body, headers=headers)


def group(proxy: ProxyProcess, system: str) -> int:
    """The group of these surroundings."""
    body = {"prompt": PROMPT, "model": "m", "system": system}
    told = httpx.post(f"{proxy.url}/admin/explain", json=body, timeout=30).json()
    return group_of(told["key"]["fingerprint"])


def two_applications(proxy: ProxyProcess) -> dict[int, str]:
    """Two system prompts, by their groups."""
    found: dict[int, str] = {}
    for number in itertools.count(1):
        system = f"You help customers of shop {number}."
        found.setdefault(group(proxy, system), system)
        if len(found) > 1:
            break
    return found


def learned(proxy: ProxyProcess) -> Any:
    return httpx.get(f"{proxy.url}/admin/learning", timeout=30).json()


def settings(upstream: ScriptedUpstream, promise: str = "0.1") -> dict[str, str]:
    rules = {"MAX_WRONG_SHARE": promise, "EXPLORE_RATE": "0.2"}
    return {"UPSTREAM_BASE_URL": upstream.base_url, **rules}


def taught(client: httpx.Client, proxy: ProxyProcess) -> Any:
    """Hits and misses that give labels, and exact hits that give controls, until there are enough.

    A busy server drops some of the work behind its answers.
    """
    ask(client, proxy, PROMPT)
    for _ in range(MOST_ROUNDS):
        for _ in range(10):
            ask(client, proxy, PARAPHRASE, **READ_ONLY)
            ask(client, proxy, PROMPT)
        found = learned(proxy)
        if sum(found["labels"].get(source, 0) for source in ("missed", "explored")) >= LABELS:
            return found
    raise AssertionError(f"too few labels: {found['labels']}")


def hits_until_one_is_checked(
    client: httpx.Client, proxy: ProxyProcess
) -> tuple[list[httpx.Response], Any]:
    """Hits, and what is learned once one more of them was checked behind its answer."""
    before = learned(proxy)["labels"].get("explored", 0)
    hits: list[httpx.Response] = []

    def checked() -> bool:
        hits.extend(ask(client, proxy, PARAPHRASE, **READ_ONLY) for _ in range(20))
        return bool(learned(proxy)["labels"].get("explored", 0) > before)

    eventually(checked)
    return hits, learned(proxy)


def test_right_answers_in_other_words_open_the_cache_and_keep_the_promise(tmp_path: Path) -> None:
    with ScriptedUpstream(worded()).in_thread() as upstream, httpx.Client(timeout=30) as client:
        with proxy_process(tmp_path / "d", **settings(upstream, "0.2")) as proxy:
            found = taught(client, proxy)
            shown = CliRunner().invoke(admin, ["learning", "--url", proxy.url])
        with proxy_process(tmp_path / "d", **settings(upstream, "0.2")) as proxy:
            ask(client, proxy, "Who wrote Hamlet?")  # a miss reads the labels
            answers, served = hits_until_one_is_checked(client, proxy)

    assert found["labels"]["missed"] > 0  # nothing is served before the counts are read again
    assert found["interval"][0] == 0.0  # the truth: no answer is wrong
    assert found["bound"] <= 0.2
    assert {each.headers["x-cache-reason"] for each in answers} == {"learned"}
    assert served["hits"] - found["hits"] == served["fixed_hits"] - found["fixed_hits"]
    assert served["hits"] - found["hits"] == len(answers)
    assert "promise 20.00%" in shown.output
    assert served["overall"]["tenants"] == 1
    assert served["overall"]["checks"] == served["labels"]["explored"]
    assert served["overall"]["interval"][0] == 0.0
    assert "over all tenants: estimate" in shown.output


def test_wrong_answers_keep_it_shut_and_are_estimated_as_they_are(tmp_path: Path) -> None:
    with ScriptedUpstream(worded()).in_thread() as upstream, httpx.Client(timeout=30) as client:
        upstream.when(worded(wrong_every=WRONG_EVERY), prompt=PARAPHRASE)
        with proxy_process(tmp_path / "d", **settings(upstream)) as proxy:
            found = taught(client, proxy)
            last = ask(client, proxy, PARAPHRASE, **READ_ONLY)

    [cell] = [each for each in found["cells"] if each["labelled"] >= LABELS]
    low, high = cell["wrong_interval"]
    assert not found["serves"]
    assert low <= 1 / WRONG_EVERY / (1 - found["judge"]["assumed_missed"]) <= high
    assert last.headers["x-cache-reason"] == "unproven"


def test_of_two_applications_the_one_whose_answers_are_right_is_served(tmp_path: Path) -> None:
    with ScriptedUpstream(worded()).in_thread() as upstream, httpx.Client(timeout=30) as client:
        upstream.when(worded(wrong_every=1), prompt=OTHER_PARAPHRASE)
        with proxy_process(tmp_path / "d", **settings(upstream, "0.4")) as proxy:
            (easy, right), (hard, wrong) = two_applications(proxy).items()
            for text, system in ((PROMPT, right), (OTHER_PROMPT, wrong)):
                ask(client, proxy, text, system)
            for _ in range(MOST_ROUNDS):
                for _ in range(20):
                    ask(client, proxy, PARAPHRASE, right, **READ_ONLY)
                    ask(client, proxy, OTHER_PARAPHRASE, wrong, **READ_ONLY)
                ask(client, proxy, PROMPT, right)
                if len((found := learned(proxy))["parts"]) > 1:
                    break
        with proxy_process(tmp_path / "d", **settings(upstream, "0.4")) as proxy:
            ask(client, proxy, "Who wrote Hamlet?")  # a miss reads the labels
            of_right = ask(client, proxy, PARAPHRASE, right, **READ_ONLY)
            of_wrong = ask(client, proxy, OTHER_PARAPHRASE, wrong, **READ_ONLY)

    parts = {part["group"]: part for part in found["parts"]}
    low, high = next(
        cell["wrong_interval"]
        for cell in found["cells"]
        if cell["group"] == hard and cell["labelled"] >= LABELS
    )
    assert (parts[easy]["serves"], parts[hard]["serves"]) == (True, False)
    assert parts[easy]["interval"][0] == 0.0  # the truth: no answer is wrong
    assert low > 0.5  # the truth: all answers are wrong
    assert high == 1.0
    assert of_right.headers["x-cache-reason"] == "learned"
    assert of_wrong.headers["x-cache-reason"] == "unproven"
