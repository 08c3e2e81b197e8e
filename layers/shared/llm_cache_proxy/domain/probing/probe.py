"""One probe: its requests in order, and how the answers are judged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.probing.finding import Finding, Risk
from llm_cache_proxy.domain.probing.observed import Observed


class Asker(StrEnum):
    """Whose key a request carries."""

    FIRST = "first"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Step:
    """One request: its fields, whose it is, and whether its keys are sent in reverse order."""

    fields: JsonObject
    asker: Asker = Asker.FIRST
    reversed_keys: bool = False


Judge = Callable[[Sequence[Observed]], Finding]


@dataclass(frozen=True, slots=True)
class Probe:
    """`steps` are sent one after the other, each as soon as the one before was answered."""

    name: str
    shows: str
    steps: tuple[Step, ...]
    judge: Judge = field(repr=False)


def must_differ(seen: Sequence[Observed]) -> Finding:
    """No answer may be another one's."""
    same = [a.is_same_answer_as(b) for at, a in enumerate(seen) for b in seen[:at]]
    if True in same:
        return Finding(Risk.UNSAFE, "one request was answered with another's answer")
    if None in same:
        return Finding(Risk.UNCLEAR, _why_unclear(seen))
    return Finding(Risk.SAFE, "each had an answer of its own")


def should_be_shared(seen: Sequence[Observed]) -> Finding:
    """The last answer may as well be the first one's."""
    same = seen[-1].is_same_answer_as(seen[0])
    if same is None:
        return Finding(Risk.UNCLEAR, _why_unclear(seen))
    if same:
        return Finding(Risk.SAFE, "spelled in two ways, stored once")
    return Finding(Risk.WASTEFUL, "one request in two spellings was paid for twice")


def notes_sharing(what: str) -> Judge:
    """A judge that only says whether anything was shared: without caching, nothing is proved."""

    def judge(seen: Sequence[Observed]) -> Finding:
        same = seen[-1].is_same_answer_as(seen[0])
        if same is None:
            return Finding(Risk.UNCLEAR, _why_unclear(seen))
        return Finding(Risk.NOTED, f"{what} from the cache" if same else f"{what} anew")

    return judge


def never_stored(seen: Sequence[Observed]) -> Finding:
    """A cut answer must not be kept: the second asker may get a whole one."""
    if seen[0].finish_reason != "length":
        return Finding(Risk.UNCLEAR, "the model did not end for its token limit")
    same = seen[-1].is_same_answer_as(seen[0])
    if same is None:
        return Finding(Risk.UNCLEAR, _why_unclear(seen))
    found = Finding(Risk.UNSAFE, "an answer that was cut short was stored and served again")
    return found if same else Finding(Risk.SAFE, "a cut answer was requested anew")


def error_stays_an_error(seen: Sequence[Observed]) -> Finding:
    """A refusal may be repeated, never turned into a success."""
    first, *rest = seen
    if first.succeeded:
        return Finding(Risk.UNCLEAR, "the wrong request was not refused")
    if any(other.status != first.status for other in rest):
        return Finding(Risk.UNSAFE, f"the error {first.status} came back as another status")
    return Finding(Risk.SAFE, f"the error {first.status} stayed one")


def keeps_its_shape(seen: Sequence[Observed]) -> Finding:
    """Whatever was stored, a stream is answered by a stream and JSON by JSON."""
    whole, stream, again = seen
    if not all(answer.succeeded for answer in seen):
        return Finding(Risk.UNCLEAR, _why_unclear(seen))
    if "event-stream" not in stream.content_type or not stream.terminated:
        return Finding(Risk.UNSAFE, "a stream was not answered by a stream that ends in [DONE]")
    if any("json" not in answer.content_type for answer in (whole, again)):
        return Finding(Risk.UNSAFE, "a plain request was not answered in JSON")
    if stream.is_same_answer_as(whole) and stream.text != whole.text:
        return Finding(Risk.UNSAFE, "the stored answer lost text on its way into a stream")
    return Finding(Risk.SAFE, "each form was kept")


def _why_unclear(seen: Sequence[Observed]) -> str:
    failed = [answer.status for answer in seen if not answer.succeeded]
    if failed:
        return f"a request was answered with status {failed[0]}"
    return "nothing in the answers distinguishes them"
