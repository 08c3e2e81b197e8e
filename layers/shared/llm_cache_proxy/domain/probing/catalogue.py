"""The probes themselves. Each is a failure that some cache in front of language models has had."""

from collections.abc import Sequence
from dataclasses import replace

from llm_cache_proxy.domain.probing.pairs import PAIRS
from llm_cache_proxy.domain.probing.probe import (
    Asker,
    Judge,
    Probe,
    Step,
    error_stays_an_error,
    keeps_its_shape,
    must_differ,
    never_stored,
    notes_sharing,
    should_be_shared,
)

_Content = str | list[dict[str, object]]
"""What a turn says: a text, or parts."""
_LONG_PREFIX = "The following notes were taken in a meeting about the yearly plan. " * 60
_IMAGE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"


def probes(model: str, nonce: str, *, other_key: bool) -> tuple[Probe, ...]:
    """Every probe for `model`; `nonce` keeps them apart from whatever is stored already.

    `other_key` says whether a second client's key is there, without which one probe is left out.
    """
    ask = _Asking(model, nonce)
    return (
        *_sharing(ask),
        *(
            _compared(ask, f"meaning:{name}", shows, (one,), (other,))
            for name, shows, one, other in PAIRS
        ),
        _truncation(ask),
        *_surroundings(ask),
        *_forms(ask),
        *((_tenants(ask),) if other_key else ()),
    )


class _Asking:
    """Makes the steps of one run."""

    def __init__(self, model: str, nonce: str) -> None:
        self._model = model
        self._system = (
            f"This is run {nonce}. End every answer with a random number of 12 digits that you "
            "have never used before."
        )

    def step(self, *said: _Content, **fields: object) -> Step:
        """A request that says these texts in turn, the last one as the user."""
        roles = ("user", "assistant") * len(said)
        turns = [{"role": role, "content": each} for role, each in zip(roles, said, strict=False)]
        body: dict[str, object] = {
            "model": self._model,
            "messages": [{"role": "system", "content": self._system}, *turns],
            **fields,
        }
        return Step(body)


def _compared(
    ask: _Asking, name: str, shows: str, one: Sequence[str], other: Sequence[str]
) -> Probe:
    return Probe(name, shows, (ask.step(*one), ask.step(*other)), must_differ)


def _sharing(ask: _Asking) -> tuple[Probe, ...]:
    """What is cached at all: without it, the other probes prove little."""
    same = ask.step("Name one use of a paper clip.", temperature=0)
    steps = ask.step("What is a paper clip?"), ask.step("Tell me what a paper clip is")
    ordered = ask.step("Name one use of a rubber band.", temperature=1)
    respelled = replace(
        ask.step("Name one use of a rubber band.", temperature=1.0), reversed_keys=True
    )
    return (
        Probe("repeat", "the same request twice", (same, same), notes_sharing("a repeat comes")),
        Probe("paraphrase", "two wordings of one question", steps,
              notes_sharing("a paraphrase is answered")),
        Probe("spelling", "other field order and number spelling", (ordered, respelled),
              should_be_shared),
    )  # fmt: skip


def _truncation(ask: _Asking) -> Probe:
    one = f"{_LONG_PREFIX}\nList the risks that were named."
    other = f"{_LONG_PREFIX}\nWrite a poem about the sea."
    return _compared(
        ask, "truncation", "two long prompts that differ behind an embedder's window", (one,),
        (other,),
    )  # fmt: skip


def _surroundings(ask: _Asking) -> tuple[Probe, ...]:
    """The last text is the same, what stands around it is not."""
    question = "How old is he?"
    einstein = ("Tell me about Albert Einstein.", "He was a physicist.", question)
    newton = ("Tell me about Isaac Newton.", "He was a physicist.", question)
    tool = {"type": "function", "function": {"name": "look_up", "parameters": {"type": "object"}}}
    plain = ask.step("What is in the warehouse?")

    def field(name: str, shows: str, **fields: object) -> Probe:
        other = ask.step("What is in the warehouse?", **fields)
        return Probe(f"field:{name}", shows, (plain, other), must_differ)

    def pictured(detail: str) -> Step:
        picture: dict[str, object] = {
            "type": "image_url",
            "image_url": {"url": f"{_IMAGE}{detail}"},
        }
        return ask.step([{"type": "text", "text": "What is this?"}, picture])

    return (
        _compared(ask, "history", "one question after two conversations", einstein, newton),
        field("temperature", "another temperature", temperature=0.11),
        field("tools", "tools on offer", tools=[tool]),
        field("response_format", "JSON requested", response_format={"type": "json_object"}),
        field("seed", "another seed", seed=7),
        Probe("image", "one question about two pictures", (pictured("A"), pictured("B")),
              must_differ),
    )  # fmt: skip


def _forms(ask: _Asking) -> tuple[Probe, ...]:
    cut = ask.step("Count from one to fifty in words.", max_tokens=2)
    wrong = ask.step("What is wrong here?", temperature="hot")
    plain = ask.step("Name a colour of the rainbow.")
    streamed = ask.step("Name a colour of the rainbow.", stream=True)
    judged: tuple[tuple[str, str, tuple[Step, ...], Judge], ...] = (
        ("cut-answer", "an answer that ended for its token limit", (cut, cut), never_stored),
        ("error", "a request that is refused", (wrong, wrong, wrong), error_stays_an_error),
        ("stream-mix", "one request plain, streamed and plain", (plain, streamed, plain),
         keeps_its_shape),
    )  # fmt: skip
    return tuple(Probe(*each) for each in judged)


def _tenants(ask: _Asking) -> Probe:
    question = "What is our internal project called?"
    steps = (ask.step(question), replace(ask.step(question), asker=Asker.OTHER))
    return Probe("tenants", "one request with two clients' keys", steps, must_differ)
