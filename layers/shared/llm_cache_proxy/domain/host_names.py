"""Names and addresses of hosts, as settings and requests spell them."""

import ipaddress


def plain_host(host: str) -> str:
    """The name in lower case, without brackets and the root's dot."""
    return host.strip().strip("[]").rstrip(".").lower()


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is this machine as seen from itself."""
    name = plain_host(host)
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, section 6.3
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
