"""Which requests are the same request: the exact key, and the fingerprint around the prompt.

Every field that can change the answer is part of both, known to us or not. Only fields that
provably cannot are left out, and only a documented default equals its absence. Of the prompt, case
and spacing of prose are left out, never of code: two texts that differ as written and agree only
then must still pass the guard before one's answer serves the other.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping

from llm_cache_proxy.domain.errors import InvalidRequest
from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT
from llm_cache_proxy.domain.json_text import JsonObject, canonical_text
from llm_cache_proxy.domain.record import record

KEY_VERSION = 2
"""Raised when the same request would get another key: old entries are then out of reach."""

WITHOUT_EFFECT = frozenset(
    {
        "stream",
        "stream_options",
        "user",
        "metadata",
        "service_tier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
    }
)
"""Fields that change how an answer is delivered or billed, never what it says.

An endpoint that repeats them in its answers is another matter: see `REPEATED_IN_ANSWER`.
"""

REPEATED_IN_ANSWER: Mapping[str, frozenset[str]] = {
    "/responses": WITHOUT_EFFECT - {"stream", "stream_options"},
}
"""By path: fields that an answer repeats, so that another request's would be wrong in it.

A response repeats `metadata`, `user` and the like: a shared one would show another client's.
"""

IN_KEY = ("anthropic-beta", "anthropic-version", "openai-beta")
"""Headers that go to the upstream and can change what it answers."""

_IN_KEY = frozenset(IN_KEY)

DOCUMENTED_DEFAULTS: Mapping[tuple[str, str], Mapping[str, object]] = {
    ("openai", "/chat/completions"): {
        "n": 1,
        "temperature": 1,
        "top_p": 1,
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "logprobs": False,
        "store": False,
    },
    ("groq", "/chat/completions"): {"n": 1, "temperature": 1, "top_p": 1},
}
"""By upstream name and path: what its API reference gives as the meaning of an absent field.

None for the Responses API: `store` is on there by default, and a response that the upstream has
kept is another answer than one that it has not, though they say the same.
"""


# Anything here means that case or spacing may carry meaning: fences, inline code, indentation,
# operators, call and index brackets, paths and addresses, identifiers, diffs, YAML, SQL and the
# like. One sign is enough: what stays as it was written can only cost a hit. Texts may be as long
# as a request, so no alternative may read a run of blank lines, or a line, more than once for each
# place that it starts from: hence the atomic group, and no `\s*` after `^`.
_CODE = re.compile(
    r"""
      `                                     # fenced or inline code
    | ^(?:[ ]{4}|\t)\S                      # an indented block
    | ^[^\S\n]*(?:[-+@]{1,3}|\w[\w.-]*:)\s*\S.*\n\s*(?:[-+@]{1,3}|\w[\w.-]*:)(?:\s|$)  # diff, YAML
    | [{}<>\[\]|\\^~$#=;]                   # operators and brackets of code and markup
    | \w\(|\)\.                             # calls
    | ://|\w/\w|(?:^|\s)[./~]\S*/           # addresses and paths
    | \w_\w|(?:^|\s)--?[A-Za-z]             # snake_case, flags
    | [a-z][A-Z]                            # camelCase
    | \w\.[A-Za-z]\w                        # file names, attributes
    | ^(?>.*?\b(?:SELECT|INSERT|UPDATE|DELETE)\b).+\b(?:FROM|INTO|SET|WHERE)\b  # SQL
    """,
    re.VERBOSE | re.MULTILINE,
)
# What every match of `_CODE` holds somewhere; most prose has none. A twentieth of the time.
_SUSPICIOUS = re.compile(
    r"""
      [`{}<>\[\]|\\^~$#=;:/_@+\t\n(.A-Z-]
      (?: (?<=[`{}<>\[\]|\\^~$#=;:/_@+\t])
        | (?<=\n)[ ]
        | (?<=\w\()
        | (?<=\)\.) | (?<=\.)\S
        | (?<=[A-Za-z][A-Z])
        | (?<=-)(?<!\S-)
      )
    """,
    re.VERBOSE,
)
_SPACES = re.compile(r"\s+")


@record()
class Identity:
    """The part of a request's key that does not come from its body."""

    tenant: str
    namespace: str
    path: str
    upstream: str
    model: str
    query: str = ""
    """As it goes to the upstream: it may name the API's version, or a deployment."""
    headers: tuple[tuple[str, str], ...] = ()
    """Those of the request that can change the answer, as `effective_headers` gives them."""
    account: str = ""
    """The name of the client's own account at the upstream; empty for the operator's."""


def effective_headers(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The version and the betas that a request asks for; of a list, in any order."""
    if _IN_KEY.isdisjoint(headers):
        return ()
    asked = [(name, headers[name]) for name in IN_KEY if headers.get(name)]
    return tuple(
        (name, ",".join(sorted({part.strip() for part in value.split(",")})))
        for name, value in asked
    )


def canonical_body(fields: Mapping[str, object], identity: Identity) -> JsonObject:
    """The fields that can change the answer, with the route's model for the requested one."""
    defaults = DOCUMENTED_DEFAULTS.get((identity.upstream, identity.path), {})
    without_effect = WITHOUT_EFFECT - REPEATED_IN_ANSWER.get(identity.path, frozenset())
    body = {
        name: value
        for name, value in fields.items()
        if name not in without_effect and not _is_default(value, defaults.get(name, _NO_DEFAULT))
    }
    body["model"] = identity.model
    return body


_NO_DEFAULT = object()


def _is_default(value: object, default: object) -> bool:
    # True == 1 in Python, not in JSON.
    return type(value) is type(default) and value == default


def normalised(text: str) -> str:
    """`text` with case folded, whitespace runs collapsed and Unicode composed, if it is prose.

    Text with any sign of code comes back as it was written, and so does a text beyond what the
    guard reads: it would let no other spelling of it pass.
    """
    if len(text) > LONGEST_TEXT or _may_hold_code(text):
        return text
    return _bare(text)


def _may_hold_code(text: str) -> bool:
    suspicious = text.startswith(" ") or _SUSPICIOUS.search(text) is not None
    return suspicious and _CODE.search(text) is not None


def is_respelt(one: str, other: str) -> bool:
    """Whether two texts differ, and in case, spacing or Unicode composition only; code as well."""
    return one != other and _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip().casefold()


def key_of(fields: Mapping[str, object], identity: Identity) -> str:
    """The exact key of a request with these fields; raises as `exact_key` does."""
    return exact_key(canonical_body(fields, identity), identity)


def exact_key(body: Mapping[str, object], identity: Identity) -> str:
    """SHA-256 in hex of the canonical request and where it belongs.

    Raises InvalidRequest where it is nested too deeply.
    """
    try:
        return _digest("exact", body, identity)
    except RecursionError as exc:
        raise InvalidRequest("The body is nested too deeply.", code="invalid_json") from exc


def fingerprint(body: Mapping[str, object], identity: Identity) -> str:
    """As `exact_key`, for a request whose last user text was blanked."""
    return _digest("fingerprint", body, identity)


def _digest(purpose: str, body: Mapping[str, object], identity: Identity) -> str:
    place: list[object] = [
        purpose,
        KEY_VERSION,
        identity.tenant,
        identity.namespace,
        identity.path,
        identity.upstream,
        identity.query,
    ]
    if identity.headers:
        place.append(identity.headers)
    if identity.account:
        place.append({"account": identity.account})
    return hashlib.sha256(canonical_text([place, body]).encode("ascii")).hexdigest()


def text_digest(text: str) -> str:
    """128 bits in hex: prompts that are written differently have different ones."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def entry_id(tenant: str, key: str) -> str:
    """The name of an entry for clients: says nothing of its key, and differs by tenant."""
    return hashlib.sha256(canonical_text(["entry", tenant, key]).encode("ascii")).hexdigest()[:24]


ALL = "all"
"""The selector of every entry."""


def selectors(
    *, namespace: str, model: str, entry_id: str, tags: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """What an entry can be cleared by: all, its namespace, model, own id and tags."""
    return (
        ALL,
        f"namespace:{namespace}",
        f"model:{model}",
        f"entry:{entry_id}",
        *(f"tag:{tag}" for tag in tags),
    )
