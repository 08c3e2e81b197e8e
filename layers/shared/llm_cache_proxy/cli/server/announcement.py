"""What the command prints once it can be reached."""

from collections.abc import Mapping


def address_of(host: str, port: int) -> str:
    """Where it is reached."""
    return f"http://{host}:{port}"


def announcement(
    address: str, described: Mapping[str, str], *, keyed: bool, workers: int = 1
) -> str:
    """The address, what each part is, and a first request to try."""
    access = "by client key: llm-cache-proxy admin keys create" if keyed else "open to everyone"
    rows = {**described, "access": access, "dashboard": f"{address}/dashboard"}
    if workers > 1:
        rows["workers"] = f"{workers} processes"
    width = max(map(len, rows))
    parts = "\n".join(f"  {name:<{width}}  {what}" for name, what in rows.items())
    message = '{"role": "user", "content": "What is Rust?"}'
    body = f'{{"model": "llama-3.1-8b-instant", "messages": [{message}]}}'
    bearer = "    -H 'authorization: Bearer lcp_...' \\\n" if keyed else ""
    return (
        f"LLM Cache Proxy serves {address}/v1\n{parts}\n\n"
        "Try this twice; the second answer is a hit (see the header x-cache):\n"
        f"  curl -i {address}/v1/chat/completions -H 'content-type: application/json' \\\n"
        f"{bearer}    -d '{body}'\n"
    )
