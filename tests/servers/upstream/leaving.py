"""A client that hangs up before it has its answer."""

import http.client
import json
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from servers.waiting import eventually


def leave_once(happens: Callable[[], bool], url: str, fields: Mapping[str, object]) -> None:
    """POST `fields` to `url` on a connection of its own, and close that as soon as it happens."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.request(
            "POST", address.path, json.dumps(fields), {"content-type": "application/json"}
        )
        eventually(happens)
    finally:
        connection.close()
