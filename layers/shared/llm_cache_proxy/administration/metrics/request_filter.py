"""Which of the kept requests are meant: by model, key, result, words and time.

Decides what a filter means. A model is meant by the name that a client gave it, and by the one that
it is counted under.
"""

from collections.abc import Callable
from dataclasses import dataclass

from llm_cache_proxy.administration.metrics.recent_requests import time_of
from llm_cache_proxy.domain.json_text import JsonObject

_SEARCHED = ("request_id", "correlation_id", "entry", "reason", "model", "key", "prompt")


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests: of a model, a key and a result, from `start` to `end` in Unix seconds.

    `search` is looked for in the ids, the reason, the names and the prompt, whatever its case.
    `counted_name` gives the name that a model is counted under.
    """

    counted_name: Callable[[str], str]
    start: float
    end: float
    model: str | None = None
    key: str | None = None
    result: str | None = None
    search: str = ""

    def has(self, line: JsonObject) -> bool:
        """Whether the line is of one of them."""
        named = {"key": self.key, "result": self.result}
        return (
            self.covers(line)
            and all(value is None or line.get(name) == value for name, value in named.items())
            and self._is_of_model(line)
            and any(self.search in str(line.get(name, "")).lower() for name in _SEARCHED)
        )

    def covers(self, line: JsonObject) -> bool:
        """Whether the line is of that time, whatever it is of else."""
        return self.start <= time_of(line) < self.end

    def _is_of_model(self, line: JsonObject) -> bool:
        model = str(line.get("model", ""))
        return self.model is None or self.model in {model, self.counted_name(model)}
