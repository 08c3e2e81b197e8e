"""Facts about answers under an id of their own."""

import json

from llm_cache_proxy.domain.dialects.streams.fresh_ids import renewed


def test_only_id_and_date_change() -> None:
    body = '{"id": "chatcmpl-1", "created": 1, "x": 1.50, "y": {"id": "kept"}}'

    changed = renewed(body, "chatcmpl-", 7)

    ident = json.loads(changed)["id"]
    assert changed == body.replace("chatcmpl-1", ident).replace('"created": 1', '"created": 7')
    assert ident != "chatcmpl-1"


def test_every_event_but_the_terminator_changes() -> None:
    sse = 'data: {"id":"a"}\n\ndata: {"id":"a"}\n\n: comment\n\ndata: [DONE]\n\n'

    lines = renewed(sse, "cmpl-", 7).split("\n\n")

    assert lines[0] == lines[1] != 'data: {"id":"a"}'
    assert lines[2:] == [": comment", "data: [DONE]", ""]


def test_what_cannot_be_changed_stays_as_it_is() -> None:
    assert renewed("no JSON", "chatcmpl-", 7) == "no JSON"
