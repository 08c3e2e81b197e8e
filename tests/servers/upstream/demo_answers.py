"""The demonstration upstream's answers on a real socket, as an upstream of their own.

They keep to a forced tool and to a schema, as no echo does.
"""

from typing import cast

from llm_cache_proxy.adapters.upstream.demo.answer import answer_to
from llm_cache_proxy.adapters.upstream.demo.chat import chat_body, chat_events
from llm_cache_proxy.adapters.upstream.demo.responses import response_body, response_events
from llm_cache_proxy.adapters.upstream.demo.wire import named_events
from servers.upstream.answers import CREATED
from servers.upstream.scripts import Recorded, Script, answer, sse, stream


def demo_answer(request: Recorded) -> Script:
    """The answer to a chat or to a request of the Responses API."""
    fields = request.fields
    model = str(fields.get("model"))
    streamed = fields.get("stream") is True
    limit = fields.get("max_completion_tokens") or fields.get("max_output_tokens")
    if request.path.endswith("/responses"):
        said = answer_to(fields, fields.get("input"), limit)
        if not streamed:
            return answer(response_body(said, fields, model, CREATED))
        events = response_events(said, fields, model, CREATED)
        return stream(event.encode() for event in named_events(events))
    said = answer_to(fields, fields.get("messages"), limit)
    if not streamed:
        return answer(chat_body(said, model, CREATED, 1))
    options = cast("dict[str, object]", fields.get("stream_options") or {})
    wanted = options.get("include_usage") is True
    chunks = chat_events(said, model, CREATED, 1, with_usage=wanted)
    return stream([*(sse([chunk], done=False) for chunk in chunks), sse([])])
