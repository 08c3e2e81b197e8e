"""The socket that a server listens on, bound before anything else is done."""

import socket

from llm_cache_proxy.domain.errors import SettingsError


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket at the address. Raises SettingsError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol by its name: else asyncio leaves Nagle's algorithm on, and each answer on a
    # connection that is kept waits 40 ms for the client's delayed acknowledgement.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as exc:
        bound.close()
        raise SettingsError(
            f"HOST and PORT: {host}:{port} cannot be served ({exc.strerror or exc}). "
            "--host and --port name others."
        ) from exc
    return bound
