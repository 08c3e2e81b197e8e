"""What it costs to prove an answer's forms, of a whole miss's CPU: a ratio within one run."""

import json
import time
from typing import cast

from benchmarks.findings import Budget
from benchmarks.rig.load import Connection, chat_request
from benchmarks.rig.processes import cpu_seconds
from benchmarks.rig.servers import MODEL, local_server
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.streams.proving import forms_of_json, forms_of_stream
from llm_cache_proxy.domain.json_text import JsonObject, compact_text
from servers.redis.process import redis_process
from servers.upstream.answers import chat, chat_chunks
from servers.upstream.scripted import ScriptedUpstream
from servers.upstream.scripts import Recorded, Script, answer, sse, stream

_TEXT = " ".join(f"word {number}" for number in range(150))
_STREAM = sse(chat_chunks(_TEXT, with_usage=True))
_CHAT = cast("JsonObject", json.loads(json.dumps(chat(_TEXT))))


def _script(request: Recorded) -> Script:
    return stream([_STREAM]) if request.fields.get("stream") is True else answer(_CHAT)


def budget(*, asked: int = 60) -> Budget:
    """Half of the misses are streams; both sides are CPU seconds, taken in turns."""
    spent = proved = 0.0
    with (
        redis_process() as redis_url,
        ScriptedUpstream(_script).in_thread() as upstream,
        local_server(REDIS_URL=redis_url, UPSTREAM_BASE_URL=upstream.base_url) as proxy,
        Connection(proxy.url) as connection,
    ):
        for number in range(asked):
            streams = bool(number % 2)
            prompt = f"Name a fact about the number {number} of the city of Oslo."
            before = cpu_seconds(proxy.process_id)
            reply = connection.ask(chat_request(proxy.url, prompt, MODEL, stream=streams))
            if reply.headers["x-cache"] != "MISS":
                raise RuntimeError("a request that should have been a miss was none")
            if number < 10:  # noqa: PLR2004 - while everything warms up
                continue
            spent += cpu_seconds(proxy.process_id) - before
            proved += _proof_seconds(streams=streams)
    return Budget("CPU of proving an answer's forms, of a miss's", 100 * proved / spent, 5, "%")


def _proof_seconds(*, streams: bool) -> float:
    """CPU of making proved forms, less that of making forms."""
    dialect = ChatDialect()
    assembler = dialect.assembler()
    for event in chat_chunks(_TEXT, with_usage=True):
        assembler.add(json.dumps(event))
    completion, text = assembler.completion(), compact_text(_CHAT)
    began = time.process_time()
    if streams:
        forms_of_stream(dialect, assembler, completion, ())
    else:
        forms_of_json(dialect, _CHAT, text)
    made = time.process_time()
    dialect.forms(completion if streams else _CHAT, compact_text(completion) if streams else text)
    return made - began - (time.process_time() - made)
