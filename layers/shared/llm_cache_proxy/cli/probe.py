"""`llm-cache-proxy probe URL`: whether a cache in front of a language model serves wrong answers.

Works against any OpenAI-compatible address, ours or another's. Exit codes: 1 something unsafe was
found, 2 a wrong command line or nothing could be probed, 3 no server answers.
"""

import asyncio
import json
import secrets
import sys
from collections import Counter

import click
import httpx
from rich.console import Console
from rich.table import Table
from rich.text import Text

from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.probing import Asker, Finding, Observed, Probe, Risk, Step, probes
from llm_cache_proxy.domain.probing.observed import observed

_UNSAFE, _NOTHING, _NOBODY = 1, 2, 3
_COLOURS = {Risk.SAFE: "green", Risk.UNSAFE: "bold red", Risk.WASTEFUL: "yellow"}


@click.command()
@click.argument("url")
@click.option("--model", required=True, help="The model to call.")
@click.option("--api-key", envvar="API_KEY", default="any", help="A client's key (or API_KEY).")
@click.option(
    "--other-key", envvar="OTHER_API_KEY", help="A second client's key, of a tenant of its own."
)
@click.option("--only", multiple=True, help="Run these probes alone; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
@click.option("--timeout", default=120.0, show_default=True, type=click.FloatRange(min=1),
              help="Longest wait for one answer, in seconds.")  # fmt: skip
def probe(
    url: str,
    *,
    model: str,
    api_key: str,
    other_key: str | None,
    only: tuple[str, ...],
    as_json: bool,
    timeout: float,
) -> None:
    """Ask URL (an OpenAI base_url, ending in /v1) what only an unsafe cache answers wrongly.

    Costs some seventy short completions of MODEL. Every run is on its own: nothing that is stored
    already is met, and only its own answers are left behind.
    """
    chosen = _chosen(probes(model, secrets.token_hex(6), other_key=other_key is not None), only)
    keys = {Asker.FIRST: api_key, Asker.OTHER: other_key or api_key}
    target = _Target(url.rstrip("/"), keys, timeout)
    found = asyncio.run(_run(target, chosen, quiet=as_json))
    if as_json:
        click.echo(json.dumps([_as_json(probe, finding) for probe, finding in found]))
    else:
        Console(highlight=False).print(_table(url, found))
        _summarise(found, other_key)
    if any(finding.risk is Risk.UNSAFE for _, finding in found):
        raise SystemExit(_UNSAFE)
    if not target.answered:
        meant = "" if url.rstrip("/").endswith("/v1") else f" Is {url.rstrip('/')}/v1 meant?"
        click.echo(f"Nothing could be probed: no request had a usable answer.{meant}", err=True)
        raise SystemExit(_NOTHING)


def _chosen(every: tuple[Probe, ...], only: tuple[str, ...]) -> tuple[Probe, ...]:
    unknown = set(only) - {probe.name for probe in every}
    if unknown:
        known = ", ".join(probe.name for probe in every)
        raise click.BadParameter(
            f"no probe is called {', '.join(sorted(unknown))}. There are: {known}",
            param_hint="--only",
        )
    return tuple(probe for probe in every if not only or probe.name in only)


class _Target:
    """The address that is probed, and the keys it is probed with.

    `answered` says whether it has given any answer but an error.
    """

    def __init__(self, url: str, keys: dict[Asker, str], timeout_seconds: float) -> None:
        self._url = url
        self._keys = keys
        self.answered = False
        self._client = httpx.AsyncClient(timeout=timeout_seconds)

    async def answer(self, step: Step) -> Observed:
        """What comes back for one request; exits where no server answers."""
        fields = step.fields
        if step.reversed_keys:
            fields = dict(reversed(fields.items()))
        try:
            response = await self._client.post(
                f"{self._url}/chat/completions",
                content=json.dumps(fields),
                headers={
                    "content-type": "application/json",
                    "authorization": f"Bearer {self._keys[step.asker]}",
                },
            )
        except httpx.HTTPError as exc:
            click.echo(f"No server answers at {self._url} ({type(exc).__name__}: {exc}).", err=True)
            raise SystemExit(_NOBODY) from exc
        seen = observed(response.status_code, response.headers, response.content)
        self.answered = self.answered or seen.succeeded
        return seen

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


async def _run(
    target: _Target, chosen: tuple[Probe, ...], *, quiet: bool
) -> list[tuple[Probe, Finding]]:
    found: list[tuple[Probe, Finding]] = []
    try:
        with click.progressbar(
            length=len(chosen), label="Probing", file=sys.stderr, hidden=quiet
        ) as bar:
            for each in chosen:
                seen = [await target.answer(step) for step in each.steps]
                found.append((each, each.judge(seen)))
                bar.update(1)
    finally:
        await target.aclose()
    return found


def _as_json(probe: Probe, finding: Finding) -> JsonObject:
    return {
        "probe": probe.name,
        "shows": probe.shows,
        "risk": finding.risk.value,
        "detail": finding.detail,
    }


def _table(url: str, found: list[tuple[Probe, Finding]]) -> Table:
    table = Table(title=url, title_justify="left", header_style="bold", box=None)
    for column in ("probe", "asked", "", "seen"):
        table.add_column(column)
    for probe, finding in found:
        risk = Text(finding.risk.value, _COLOURS.get(finding.risk, ""))
        table.add_row(probe.name, probe.shows, risk, finding.detail)
    return table


def _summarise(found: list[tuple[Probe, Finding]], other_key: str | None) -> None:
    counts = Counter(finding.risk for _, finding in found)
    click.echo(", ".join(f"{counts[risk]} {risk}" for risk in Risk if counts[risk]))
    if other_key is None:
        click.echo("Not probed: tenants. --other-key names a second client's key.")
