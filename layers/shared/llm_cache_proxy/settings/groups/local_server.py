"""The server on a machine of your own, and its embedded stores."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from llm_cache_proxy.settings.values import HostNames, Seconds


class LocalServerSettings(BaseModel):
    """The server on a machine of your own, and its embedded stores."""

    model_config = ConfigDict(defer_build=True)

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address of the local server. Any other than loopback needs ADMIN_KEY.",
    )
    port: int = Field(3000, ge=0, le=65_535, description="Port of the local server.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes of the local server that share its port, best one for each core; "
        "see docs/operate.md.",
    )
    allowed_hosts: HostNames | None = Field(
        None,
        description="Host names by which the local server may be reached besides loopback and "
        "HOST, separated by commas; *.example.com covers subdomains, * every name.",
    )
    data_dir: Path | None = Field(
        None,
        description="Folder of the embedded stores; unset: one of the user's, which the start "
        "names (in the repository, make dev sets .data).",
    )
    max_entries: int = Field(
        100_000,
        ge=0,
        description="Most records of the embedded stores, aliases counted; the least recently used "
        "leave first. 0: no bound.",
    )
    max_store_bytes: int = Field(
        2_000_000_000,
        ge=0,
        description="Most bytes of the embedded exact tier; the same. 0: no bound.",
    )
    min_free_bytes: int = Field(
        200_000_000,
        ge=0,
        description="Space that the embedded stores leave free on their disk: with less, nothing "
        "is stored, and the server does not start.",
    )
    max_connections: int = Field(
        1_000,
        ge=1,
        le=100_000,
        description="Clients' connections at a time; more are refused with 503. Fewer where the "
        "process may open fewer files.",
    )
    max_header_bytes: int = Field(
        65_536, ge=4_096, le=1_048_576, description="Largest head of a request: line and headers."
    )
    header_timeout_seconds: Seconds = Field(
        15.0, description="Longest wait for a request's head on an open connection."
    )
    drain_seconds: float = Field(
        25.0,
        ge=0,
        le=900,
        description="How long requests in flight may go on after the server was asked to stop.",
    )
