"""How a stream of OpenAI's ends with an error."""

from llm_cache_proxy.domain.dialects.streams.sse import data_event
from llm_cache_proxy.domain.errors import ClientError, openai_error
from llm_cache_proxy.domain.json_text import compact_text


class OpenAIErrors:
    """Errors as events without a name."""

    @staticmethod
    def error_event(error: ClientError) -> bytes:
        """The event that says that there will be no more."""
        said = openai_error(error.message, error.error_type, param=error.param, code=error.code)
        return data_event(compact_text(said)).encode()

    @staticmethod
    def relayed_error_event(status: int, body: bytes) -> bytes:  # noqa: ARG004 - a dialect's
        """An upstream's error, which came as JSON when the stream had begun."""
        return data_event(" ".join(body.decode("utf-8", "replace").split())).encode()
