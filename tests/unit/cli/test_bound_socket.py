"""The socket that the local server listens on, as its connections inherit it."""

import asyncio
import socket

import pytest

from llm_cache_proxy.cli.server.bound_socket import bound_socket


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_no_answer_waits_for_an_acknowledgement(host: str) -> None:
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    delayed: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def accepted(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        delayed.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with bound_socket(host, 0) as bound:
        async with await asyncio.start_server(accepted, sock=bound):
            _, writer = await asyncio.open_connection(host, bound.getsockname()[1])
            no_delay = await asyncio.wait_for(delayed, 20)
            writer.close()
            await writer.wait_closed()

    assert no_delay
