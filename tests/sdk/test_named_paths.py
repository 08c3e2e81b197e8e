"""The official Python SDK on endpoints that CACHED_PATHS names: direct, a miss, and a hit."""

import io
from typing import Any

from openai import OpenAI

from sdk.conftest import Stand
from sdk.test_python_sdk import both_ways, dumped, same


def test_a_moderation(stand: Stand) -> None:
    answer = same(both_ways(stand, lambda c: dumped(c.moderations.create(input="Grüße"))))

    assert answer["results"][0]["flagged"] is True


def test_an_image_by_its_seed(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        seed = {"seed": 7}
        return dumped(client.images.generate(model="rich", prompt="a cat", extra_body=seed))

    assert same(both_ways(stand, ask))["data"][0]["b64_json"] == "AAAA"


def test_a_transcription_by_its_file(stand: Stand) -> None:
    def ask(client: OpenAI) -> Any:
        sound = io.BytesIO(b"ID3 \x00\xff sound")
        sound.name = "talk.mp3"
        return dumped(client.audio.transcriptions.create(model="rich", file=sound))

    assert same(both_ways(stand, ask))["text"] == "Grüße 𝄞."
