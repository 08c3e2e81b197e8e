"""The endpoints whose answers are cached, by the path below `/v1`."""

from llm_cache_proxy.domain.dialects.anthropic.messages import MessagesDialect
from llm_cache_proxy.domain.dialects.anthropic.token_count import TokenCountDialect
from llm_cache_proxy.domain.dialects.chat import ChatDialect
from llm_cache_proxy.domain.dialects.dialect import Dialect
from llm_cache_proxy.domain.dialects.responses import ResponsesDialect
from llm_cache_proxy.domain.dialects.text import TextDialect

CHAT, RESPONSES, TEXT = ChatDialect(), ResponsesDialect(), TextDialect()
MESSAGES, TOKEN_COUNT = MessagesDialect(), TokenCountDialect("/messages/count_tokens")
DIALECTS: dict[str, Dialect] = {
    dialect.path: dialect for dialect in (CHAT, RESPONSES, TEXT, MESSAGES)
}
