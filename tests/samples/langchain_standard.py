"""LangChain's standard tests for chat models, against the address in BASE_URL.

Run by test_langchain.py in an environment of its own.
"""

# mypy: ignore-errors
# What is imported here is installed in that environment alone.

import os

from langchain_core.language_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests


class _Model(ChatModelIntegrationTests):
    responses_api = False

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, object]:
        return {
            "model": "gpt-standard",
            "base_url": os.environ["BASE_URL"],
            "api_key": "any",
            "max_retries": 0,
            "timeout": 20,
            "stream_usage": True,
            "use_responses_api": self.responses_api,
            "default_headers": {"x-cache-namespace": os.environ["NAMESPACE"]},
        }

    @property
    def model_override_value(self) -> str:
        return "gpt-other"

    @property
    def supports_json_mode(self) -> bool:
        return True


class TestChatCompletions(_Model):
    """Over /v1/chat/completions."""


class TestResponses(_Model):
    """Over /v1/responses."""

    responses_api = True
