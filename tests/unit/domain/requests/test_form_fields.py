"""What a form's body says, and what is no form."""

import hashlib

import pytest

from llm_cache_proxy.domain.requests.form_fields import form_fields

TYPE = "multipart/form-data; boundary=xyz"
TEXT = 'Content-Disposition: form-data; name="model"\r\n\r\nwhisper-1'
FILE = (
    'Content-Disposition: form-data; name="file"; filename="Talk.MP3"\r\n'
    "Content-Type: audio/mpeg\r\n\r\nID3\r\n--no mark"
)


def form(*parts: str, end: str = "--xyz--\r\n") -> bytes:
    return "".join([*(f"--xyz\r\n{part}\r\n" for part in parts), end]).encode()


def test_a_form_is_its_texts_and_the_digests_of_its_files() -> None:
    digest = hashlib.sha256(b"ID3\r\n--no mark").hexdigest()

    assert form_fields(TYPE, form(TEXT, FILE)) == {
        "model": "whisper-1",
        "file": {"sha256": digest, "type": "audio/mpeg", "ending": "mp3"},
    }


def test_a_name_that_stands_several_times_has_all_its_values() -> None:
    one, two = (TEXT.replace("whisper-1", word) for word in ("word", "segment"))

    assert form_fields(TYPE, form(one, two)) == {"model": ["word", "segment"]}


def test_a_text_with_a_type_is_another_than_one_without() -> None:
    typed = TEXT.replace("\r\n\r\n", "\r\nContent-Type: text/plain\r\n\r\n")

    assert form_fields(TYPE, form(typed)) == {"model": {"text": "whisper-1", "type": "text/plain"}}


def test_a_boundary_may_stand_in_quotes() -> None:
    assert form_fields('multipart/form-data; boundary="xyz"', form(TEXT)) is not None


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/mixed; boundary=xyz", f"{TYPE}; charset=x", f"{TYPE}z"],
)
def test_a_type_without_the_bodys_boundary_is_no_form(content_type: str) -> None:
    assert form_fields(content_type, form(TEXT)) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"preamble\r\n" + form(TEXT),
        form(TEXT) + b"epilogue",
        form(TEXT, end=""),
        form(),
        form(*[TEXT] * 100),
        form(TEXT.replace("\r\n\r\n", "\r\n")),
        form(TEXT.replace("form-data", "attachment")),
        form(TEXT.replace('name="model"', "name=model")),
        form(TEXT.replace('"model"', "\"model\"; filename*=UTF-8''x")),
        form("Content-Transfer-Encoding: base64\r\n" + TEXT),
        form(TEXT).replace(b"whisper-1", b"\xff"),
        form(TEXT).replace(b"model", b"\xff"),
        form(TEXT).replace(b"--xyz\r\n", b"--xyzz\r\n"),
    ],
)
def test_what_readers_may_read_in_several_ways_is_no_form(body: bytes) -> None:
    assert form_fields(TYPE, body) is None
