"""Whether an event has all that an HTTP request is read from, each of the type it must have.

AWS sends nothing else, but a direct invocation can hold anything. Mangum takes every event for
whole, and would fail the invocation.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

_VERSION_2 = "2.0"


def is_http_request(event: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """Whether Mangum can read `event`, whose request context is `context`."""
    if not (_has_body(event) and _all_texts(event.get("headers") or {}) and _has_host(event)):
        return False
    if event.get("version") == _VERSION_2 and "resource" not in event:
        return _is_version_2(event, context)
    return "resource" in event and _is_version_1(event, context)


def _is_version_1(event: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """A REST API's."""
    several = (event.get("multiValueHeaders"), event.get("multiValueQueryStringParameters"))
    return (
        _are_texts(event.get("httpMethod"), event.get("path"))
        and all(_all_lists(each or {}) for each in several)
        and _all_texts(event.get("queryStringParameters") or {})
        and isinstance(context.get("identity", {}), dict)
    )


def _is_version_2(event: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """An HTTP API's, or a function URL's."""
    request, cookies = context.get("http"), event.get("cookies") or []
    return (
        isinstance(request, dict)
        and _are_texts(*(request.get(name) for name in ("method", "path", "sourceIp")))
        and _are_texts(event.get("rawQueryString", ""))
        and isinstance(event.get("headers", {}), dict)
        and isinstance(cookies, list)
        and _are_texts(*cookies)
    )


def _has_body(event: Mapping[str, Any]) -> bool:
    body, packed = event.get("body") or "", event.get("isBase64Encoded", False)
    if not isinstance(packed, bool) or not _are_texts(body):
        return False
    try:
        b64decode(body if packed else "")
    except (binascii.Error, ValueError):
        return False
    return True


def _has_host(event: Mapping[str, Any]) -> bool:
    """Whether host and port can be distinguished, wherever the headers name them."""
    named: dict[str, str] = {**(event.get("headers") or {})}
    named |= {name: ", ".join(each) for name, each in _lists(event.get("multiValueHeaders"))}
    lowered = {name.lower(): value for name, value in named.items()}
    _, colon, port = lowered.get("host", "").partition(":")
    return (port if colon else lowered.get("x-forwarded-port", "80")).isdecimal()


def _lists(several: object) -> list[tuple[str, list[str]]]:
    return list(several.items()) if isinstance(several, dict) and _all_lists(several) else []


def _all_texts(value: object) -> bool:
    return isinstance(value, dict) and _are_texts(*value, *value.values())


def _all_lists(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, list) and _are_texts(name, *each) for name, each in value.items()
    )


def _are_texts(*values: object) -> bool:
    """Whether each is a text that UTF-8 can carry."""
    return all(isinstance(each, str) and _encodable(each) for each in values)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
