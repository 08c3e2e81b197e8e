"""Messages to a webhook that takes `{"text": ...}`, as Slack's, Mattermost's and Rocket.Chat's do.

The address is a secret, since it lets its holder write there: it is in no message and no log line.
"""

import logging

import httpx

from llm_cache_proxy.domain.json_text import compact_text

_SECONDS = 5.0
_SUCCESS = range(200, 300)
_log = logging.getLogger(__name__)


class Webhook:
    """A `Notifier`; each message has `timeout_seconds` to be taken."""

    def __init__(self, url: str, *, timeout_seconds: float = _SECONDS) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def send(self, text: str) -> bool:
        """Whether the webhook answered with success; why not is logged."""
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout_seconds, follow_redirects=False)
        try:
            answer = await self._client.post(
                self._url,
                content=compact_text({"text": text}).encode(),
                headers={"content-type": "application/json"},
            )
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as exc:
            _log.warning("ALERT_WEBHOOK_URL cannot be reached (%s)", type(exc).__name__)
            return False
        if answer.status_code not in _SUCCESS:
            _log.warning("ALERT_WEBHOOK_URL refuses a message (status %d)", answer.status_code)
            return False
        return True

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
