"""How a call that failed is told, and the exit codes.

1: the action failed; 3: nobody answers at the address; 4: the key is refused (2 is click's, for a
command line that makes no sense).
"""

import json

import click

from llm_cache_proxy.domain.json_text import JsonObject

FAILED = 1


class CallFailed(click.ClickException):
    """A call that gave no answer; click prints the message and exits with `exit_code`."""

    exit_code = FAILED


class NobodyAnswers(CallFailed):
    """There is no proxy at the address, or it took too long."""

    exit_code = 3


class KeyRefused(CallFailed):
    """The admin key is missing or wrong."""

    exit_code = 4


def message_in(answer: JsonObject) -> str:
    """What an answer in OpenAI's error shape says."""
    error = answer.get("error")
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        return str(error["message"])
    return f"The server's answer was {json.dumps(answer)[:300]}"
