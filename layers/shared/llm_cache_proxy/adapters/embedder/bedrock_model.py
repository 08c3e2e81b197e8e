"""What Bedrock's embedding models are sent, and what they answer: Titan's form and Cohere's.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from llm_cache_proxy.adapters.embedder.replies import Fields
from llm_cache_proxy.adapters.embedder.unit_vector import unit_vector
from llm_cache_proxy.domain.errors import EmbedderUnavailable


@dataclass(frozen=True, slots=True)
class BedrockModel:
    """A model's id, ARN or inference profile; `dimensions` None leaves them to the model."""

    name: str
    window_tokens: int
    dimensions: int | None = None

    @property
    def is_cohere(self) -> bool:
        """Whether it takes several texts at once, in Cohere's form."""
        return "cohere." in self.name

    def request(self, texts: Sequence[str]) -> Fields:
        """The body of a call."""
        if not self.is_cohere:
            chosen: Fields = {} if self.dimensions is None else {"dimensions": self.dimensions}
            return {"inputText": texts[0], **chosen}
        chosen = {} if self.dimensions is None else {"output_dimension": self.dimensions}
        given = list(texts)
        return {"texts": given, "input_type": "search_query", "truncate": "NONE", **chosen}

    def vectors(self, reply: Fields, count: int) -> list[list[float]]:
        """The vectors of `count` texts. Raises EmbedderUnavailable."""
        found: object = [reply.get("embedding")]
        if self.is_cohere:
            found = reply.get("embeddings")
            if isinstance(found, dict):  # by their type, where several could be asked for
                found = found.get("float")
        if not isinstance(found, list) or len(found) != count:
            raise EmbedderUnavailable(f"Bedrock's answer has no {count} embeddings.")
        return [unit_vector(vector, self.dimensions) for vector in found]
