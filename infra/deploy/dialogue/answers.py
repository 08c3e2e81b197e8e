"""What a deployment has to know. Decides which of it is a parameter and which a secret."""

from collections.abc import Mapping
from dataclasses import dataclass

GROQ = "https://api.groq.com/openai/v1"


@dataclass(frozen=True, slots=True)
class Answers:
    """What was answered; an address that is empty is a part that the stack goes without."""

    stage: str
    region: str
    upstream_base_url: str = ""  # empty: Groq
    upstream_key: str = ""
    upstash_url: str = ""
    upstash_token: str = ""
    qdrant_url: str = ""
    qdrant_key: str = ""
    alarm_address: str = ""

    @property
    def stack(self) -> str:
        """The stack's name."""
        return stack_name(self.stage)

    @property
    def secrets_path(self) -> str:
        """Where the secrets and TUNING are, in AWS Systems Manager."""
        return secrets_path(self.stage)

    @property
    def upstream(self) -> str:
        """The upstream's base URL, Groq's included."""
        return self.upstream_base_url or GROQ

    def parameters(self) -> Mapping[str, str]:
        """The template's parameters that are answers."""
        return {
            "SecretsPath": self.secrets_path,
            "UpstreamBaseUrl": self.upstream_base_url,
            "UpstashRedisRestUrl": self.upstash_url,
            "QdrantUrl": self.qdrant_url,
            "AlarmAddress": self.alarm_address,
        }

    def secrets(self) -> Mapping[str, str]:
        """Each secret by the name of its setting."""
        key = "UPSTREAM_API_KEY" if self.upstream_base_url else "GROQ_API_KEY"
        given = {
            key: self.upstream_key,
            "UPSTASH_REDIS_REST_TOKEN": self.upstash_token,
            "QDRANT_API_KEY": self.qdrant_key,
        }
        return {name: value for name, value in given.items() if value}

    def unused_secrets(self) -> frozenset[str]:
        """Secrets of an earlier answer that nothing reads any more."""
        addresses = {
            "UPSTREAM_API_KEY": self.upstream_base_url,
            "UPSTASH_REDIS_REST_TOKEN": self.upstash_url,
        }
        return frozenset(name for name, address in addresses.items() if not address)


def fits_a_header(secret: str) -> bool:
    """Whether a header can carry it: what refuses another would show it in its message."""
    return secret.isascii() and secret.isprintable() and " " not in secret


def stack_name(stage: str) -> str:
    """The name of a stage's stack."""
    return f"llm-cache-proxy-{stage}"


def secrets_path(stage: str) -> str:
    """Where the secrets of a stage are."""
    return f"/llm-cache-proxy/{stage}"
