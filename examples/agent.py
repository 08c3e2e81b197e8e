"""An agent that calls a tool, run twice: the second run costs nothing.

Each step is one request, and its history is part of the key: the same question leads to the same
steps, and each of them is a hit. Tools on offer keep requests from being compared semantically.

    make dev                                  # in another terminal
    .venv/bin/python examples/agent.py        # BASE_URL names another proxy
"""

import json
import os
import uuid
from typing import Any

import openai

BASE_URL = os.environ.get("BASE_URL", "http://127.0.0.1:3000/v1")
MODEL = os.environ.get("MODEL", "llama-3.1-8b-instant")
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "tide_table",
            "description": "High and low water at a harbour",
            "parameters": {
                "type": "object",
                "properties": {"harbour": {"type": "string", "enum": ["Brest", "Hull"]}},
                "required": ["harbour"],
            },
        },
    }
]


def tide_table(harbour: str) -> str:
    """What the tool knows."""
    return json.dumps({"harbour": harbour, "high": ["04:10", "16:35"], "low": ["10:20", "22:45"]})


def main() -> None:
    """Run the agent twice in a namespace of our own."""
    headers = {"x-cache-namespace": f"example-{uuid.uuid4().hex[:8]}"}
    with openai.OpenAI(base_url=BASE_URL, api_key=os.environ.get("API_KEY", "any")) as client:
        for run in (1, 2):
            print(f"run {run}")
            answer = agent(client, "When is high water at Brest?", headers)
            print(f"  {answer:.60}\n")


def agent(client: openai.OpenAI, question: str, headers: dict[str, str]) -> str:
    """Ask, call what is asked for, tell the result, until there is an answer in words."""
    messages: list[Any] = [{"role": "user", "content": question}]
    # The first step must call the tool, so that the demonstration upstream does as well.
    choice: Any = {"type": "function", "function": {"name": "tide_table"}}
    while True:
        raw = client.chat.completions.with_raw_response.create(
            model=MODEL, messages=messages, tools=TOOLS, tool_choice=choice, extra_headers=headers
        )
        message = raw.parse().choices[0].message
        calls = message.tool_calls or []
        step = f"calls {len(calls)} tool" if calls else "answers"
        print(f"  {raw.headers['x-cache']:<10} {step}")
        if not calls:
            return message.content or ""
        messages.append(message.model_dump(exclude_none=True))
        for call in calls:
            result = tide_table(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
        choice = "auto"


if __name__ == "__main__":
    main()
