"""The rules that a measurement is about: those of the effective settings, or those that are named.

A preset that is named comes with its own threshold; `--threshold` outweighs both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

import click

from llm_cache_proxy.bootstrap.pipeline import guard_of
from llm_cache_proxy.domain.evaluation import Decision
from llm_cache_proxy.domain.requests.presets import Preset, semantic_rules
from llm_cache_proxy.settings import Settings

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class ChosenRules:
    """What the options say; None where they leave it to the settings."""

    preset: Preset | None
    threshold: float | None
    guarded: bool

    def decision(self, settings: Settings) -> Decision:
        """The rules to measure. Raises SettingsError."""
        if self.preset is None:
            rules = semantic_rules(settings.semantic_preset, settings.similarity_threshold)
        else:
            rules = semantic_rules(self.preset)
        if rules.verified:
            note = "The verifier is not called: what it would refuse is counted as served."
            click.echo(note, err=True)
        threshold = rules.threshold if self.threshold is None else self.threshold
        return Decision(threshold, guard_of(settings) if self.guarded else None)


def rules_chosen(command: Callable[Concatenate[ChosenRules, P], None]) -> Callable[P, None]:
    """Add the options that choose the rules, and hand them to the command."""
    presets = [preset.value for preset in Preset if preset is not Preset.OFF]

    @click.option(
        "--preset",
        type=click.Choice(presets),
        help="Measure this preset instead of the one in force.",
    )
    @click.option(
        "--threshold",
        type=click.FloatRange(0, 1),
        help="Least cosine similarity of a semantic hit.",
    )
    @click.option("--no-guard", is_flag=True, help="Let cosine alone decide.")
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        preset = cast("str | None", kwargs.pop("preset"))
        rules = ChosenRules(
            preset=None if preset is None else Preset(preset),
            threshold=cast("float | None", kwargs.pop("threshold")),
            guarded=not kwargs.pop("no_guard"),
        )
        command(rules, *args, **kwargs)

    return run
