"""TUNING out of a profile of AWS AppConfig, in a session that lasts as long as the instance.

A session is given the configuration once and after that what has changed. A configuration that is
received costs much more than a look, so a new session for every look would be paid for dearly.
Never reads what the configuration says: it is judged as the parameter TUNING is.
"""

from typing import TYPE_CHECKING

from llm_cache_proxy.domain.errors import SettingsError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parameters import AppConfigProvider

_ATTEMPTS = 2
_LEAST_SECONDS_BETWEEN_LOOKS = 15
"""AppConfig's least; functions look once a minute, and when they wake from a snapshot."""


class AppConfigTuning:
    """The profile at `source`: APPLICATION/environment/ENVIRONMENT/configuration/PROFILE."""

    def __init__(self, source: str, *, timeout_seconds: float = 2.0) -> None:
        self._source = source
        self._timeout_seconds = timeout_seconds
        self._session: AppConfigProvider | None = None

    def read(self) -> str:
        """The configuration as it is deployed now, in two attempts of `timeout_seconds` each.

        Raises SettingsError where it cannot be had.
        """
        if self._session is not None:
            try:
                return self._looked(self._session)
            except Exception:  # noqa: BLE001 - whatever ails a session, another may be well
                self._session = None
        try:
            session = self._begun()
            text = self._looked(session)
        except Exception as exc:  # boto3's errors share no narrower ancestor
            raise SettingsError(f"TUNING_SOURCE: {self._source} cannot be read: {exc}") from exc
        self._session = session
        return text

    def _begun(self) -> "AppConfigProvider":
        from aws_lambda_powertools.utilities.parameters import AppConfigProvider
        from botocore.config import Config

        application, _, environment, _, _ = self._source.split("/")
        config = Config(
            connect_timeout=self._timeout_seconds,
            read_timeout=self._timeout_seconds,
            retries={"total_max_attempts": _ATTEMPTS},
        )
        return AppConfigProvider(environment, application, boto_config=config)

    def _looked(self, session: "AppConfigProvider") -> str:
        profile = self._source.rsplit("/", 1)[1]
        found = session.get(
            profile,
            force_fetch=True,
            RequiredMinimumPollIntervalInSeconds=_LEAST_SECONDS_BETWEEN_LOOKS,
        )
        return found.decode() if isinstance(found, bytes) else str(found)
