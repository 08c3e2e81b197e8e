"""Which forms of an answer are proved by what the upstream sent; only those may be served.

The form that an answer came in is. The other is derived, read back by the rules for streams and
compared field by field: where they differ, or the stream could be read in more than one way, only
the form that came is kept.
"""

from collections.abc import Sequence
from dataclasses import replace

from llm_cache_proxy.domain.dialects.dialect import Assembler, BrokenStreamError, Dialect
from llm_cache_proxy.domain.dialects.streams.sse import EventSplitter, StreamedEvent, StreamReader
from llm_cache_proxy.domain.entries.entry import Forms
from llm_cache_proxy.domain.json_text import JsonObject, compact_text

UnprovableErrors = (AttributeError, TypeError, LookupError)
"""What deriving a form raises where the answer has another shape than the endpoint's."""


def forms_of_json(dialect: Dialect, completion: JsonObject, json_text: str) -> Forms | None:
    """The forms of an answer that came as JSON; None where it may not be kept at all.

    NaN, infinities and what is nested beyond reach may not: no form of them could be read back.
    """
    only_json = Forms(json=json_text, sse="", usage_event="")
    try:
        forms = dialect.forms(completion, json_text)
        if not dialect.generates:
            return forms
        return forms if _reads_as(dialect, forms, completion) else only_json
    except (ValueError, RecursionError):
        return None
    except UnprovableErrors:
        return only_json


def forms_read(reader: StreamReader, completion: JsonObject) -> Forms | None:
    """The proved forms of what was read; None where it was no answer, or has no form.

    `completion` is the reader's.
    """
    if not reader.is_kept:
        return None
    return forms_of_stream(reader.dialect, reader.assembler, completion, reader.events)


def forms_of_stream(
    dialect: Dialect,
    assembler: Assembler,
    completion: JsonObject,
    events: Sequence[StreamedEvent],
) -> Forms | None:
    """The forms of an answer that came as a stream; None where it may not be kept at all.

    `completion` is what `assembler` has made of `events`.
    """
    try:
        forms = dialect.forms(completion, compact_text(completion))
        if assembler.ambiguous or not _reads_as(dialect, forms, completion):
            return _as_it_came(events)
    except (ValueError, RecursionError):
        return None
    except UnprovableErrors:
        return _as_it_came(events)
    return replace(_as_it_came(events), json=forms.json) if assembler.reshaped else forms


def _as_it_came(events: Sequence[StreamedEvent]) -> Forms:
    return Forms(
        json="",
        sse="".join(event.text() for event in events if not event.usage_only),
        usage_event="".join(event.text() for event in events if event.usage_only),
    )


def _reads_as(dialect: Dialect, forms: Forms, completion: JsonObject) -> bool:
    assembler = dialect.assembler()
    stream = (forms.sse + forms.usage_event).encode("utf-8")
    try:
        for event in EventSplitter().feed(stream):
            assembler.add(event.data or "")
    except BrokenStreamError:
        return False
    read = assembler.completion()
    same = dialect.comparable(read) == dialect.comparable(completion)
    return same and not assembler.ambiguous
