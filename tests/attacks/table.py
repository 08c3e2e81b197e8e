"""The attacks as tables: for the docs what has to come back, after a run also what did."""

from collections.abc import Iterator, Mapping, Sequence

from attacks.case import Attack, Group


def expected_table(groups: Sequence[Group]) -> str:
    """Each attack, what is sent and what has to come back, a table a kind."""
    count = sum(len(group.attacks) for group in groups)
    lines = [f"{count} attacks, each against a running server:"]
    for group in groups:
        lines += ["", f"## {group.title}", "", "| attack | sent | expected |", "|---|---|---|"]
        lines += [_row(*_told(attack)) for attack in group.attacks]
    return "\n".join(lines)


def seen_table(groups: Sequence[Group], seen: Mapping[str, str]) -> str:
    """The same with what was seen, `not run` where an attack has not run."""
    return "\n".join(
        ["| attack | sent | expected | seen |", "|---|---|---|---|", *_rows(groups, seen)]
    )


def _rows(groups: Sequence[Group], seen: Mapping[str, str]) -> Iterator[str]:
    for group in groups:
        for attack in group.attacks:
            yield _row(*_told(attack), _short(seen.get(attack.name, "not run")))


def _told(attack: Attack) -> tuple[str, str, str]:
    return attack.name, attack.act.sent, _short(attack.expected)


def _short(outcome: str) -> str:
    """An outcome without the repetitions of a long sequence."""
    parts = outcome.split(", then ")
    if len(parts) > 4 and len(set(parts)) == 1:
        return f"{len(parts)} times {parts[0]}"
    return outcome


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace(chr(10), ' ') for cell in cells)} |"
