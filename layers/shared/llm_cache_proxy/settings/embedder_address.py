"""`EMBEDDING_URL=bedrock:MODEL`: one word for where vectors come from, as a stack takes it."""

from collections.abc import Mapping

_BEDROCK = "bedrock:"
_URL, _EMBEDDER, _MODEL = "embedding_url", "embedder", "embedding_model"


def with_model_of_bedrock(given: Mapping[str, object]) -> dict[str, object]:
    """The settings with EMBEDDER and EMBEDDING_MODEL in place of such an EMBEDDING_URL.

    Raises ValueError where they are set to something else besides.
    """
    url = given.get(_URL)
    if not isinstance(url, str) or not url.startswith(_BEDROCK):
        return dict(given)
    named = {_EMBEDDER: "bedrock", _MODEL: url.removeprefix(_BEDROCK)}
    for name, value in named.items():
        besides = str(given.get(name) or "").strip().lower()
        if besides not in {"", value.lower()}:
            raise ValueError(f"set EMBEDDING_URL={_BEDROCK}MODEL or {name.upper()}, not both")
    return {name: value for name, value in given.items() if name != _URL} | named
