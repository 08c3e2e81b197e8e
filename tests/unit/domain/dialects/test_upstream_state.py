"""Facts about what an upstream keeps or does beside the model."""

import pytest

from llm_cache_proxy.domain.dialects.upstream_state import names_a_file


@pytest.mark.parametrize("part", [{"file_id": "f"}, {"file": {"file_id": "f"}}])
def test_an_uploaded_file_is_found_in_any_message(part: dict[str, object]) -> None:
    assert names_a_file([{"content": "text"}, {"content": [{"text": "t"}, part]}])


@pytest.mark.parametrize(
    "messages",
    [
        None,
        "a prompt",
        ["no message"],
        [{"content": ["no part"]}],
        [{"content": [{"file": {"file_data": "d"}}]}],
    ],
)
def test_what_brings_its_own_content_names_no_file(messages: object) -> None:
    assert not names_a_file(messages)
