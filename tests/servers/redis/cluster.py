"""A Redis Cluster of a test's own: three nodes with a third of the slots each."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import redis

from servers.requirements import require_program
from servers.waiting import eventually, kept_port, listening

NODES = 3
_SLOTS = 16_384
_PATIENCE_SECONDS = 60.0


@contextmanager
def redis_cluster(folder: Path) -> Iterator[list[str]]:
    """The URLs of its nodes; what they write goes into `folder`."""
    with ExitStack() as started:
        ports = [started.enter_context(_node(folder / str(number))) for number in range(NODES)]
        nodes = [
            started.enter_context(closing(redis.Redis(port=port, decode_responses=True)))
            for port, _ in ports
        ]
        share = -(-_SLOTS // NODES)
        for number, node in enumerate(nodes):
            last = min(_SLOTS, (number + 1) * share) - 1
            command(node, "CLUSTER", "ADDSLOTSRANGE", number * share, last)
            command(node, "CLUSTER", "SET-CONFIG-EPOCH", number + 1)
        for port, bus in ports[1:]:
            command(nodes[0], "CLUSTER", "MEET", "127.0.0.1", port, bus)
        eventually(lambda: all(_is_whole(node) for node in nodes), seconds=_PATIENCE_SECONDS)
        yield [f"redis://127.0.0.1:{port}" for port, _ in ports]


def command(node: redis.Redis, *words: str | int) -> object:
    """What the node answers."""
    reply: object = node.execute_command(*words)  # type: ignore[no-untyped-call] # redis-py
    return reply


def holds_keys_of(node: redis.Redis, slot: int) -> bool:
    """Whether the node has keys in the slot; none but its owner has."""
    return bool(command(node, "CLUSTER", "COUNTKEYSINSLOT", slot))


def _is_whole(node: redis.Redis) -> bool:
    state = str(command(node, "CLUSTER", "INFO"))
    return "cluster_state:ok" in state and f"cluster_known_nodes:{NODES}" in state


@contextmanager
def _node(folder: Path) -> Iterator[tuple[int, int]]:
    """Its port, and the one by which nodes talk."""
    folder.mkdir(parents=True)
    with (
        kept_port() as port,
        kept_port() as bus,
        subprocess.Popen(
            [
                *(require_program("redis-server"), "--bind", "127.0.0.1", "--port", str(port)),
                *("--cluster-enabled", "yes", "--cluster-port", str(bus), "--dir", str(folder)),
                *("--cluster-node-timeout", "30000", "--save", ""),
            ],
            stdout=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            eventually(lambda: listening(port), seconds=_PATIENCE_SECONDS)
            yield port, bus
        finally:
            process.terminate()
