"""Facts about how the pipeline is put together."""

from unit.pipeline.harness import TIERS, Harness


def test_every_dependency_has_a_line_in_the_health_report() -> None:
    dependencies = Harness().pipeline.options.dependencies

    assert tuple(one.name for one in dependencies.all()) == TIERS


def test_the_steps_that_are_called_alone_are_those_of_the_proxy() -> None:
    pipeline = Harness().pipeline

    assert pipeline.proxy.exact is pipeline.exact
    assert pipeline.proxy.semantic is pipeline.semantic
    assert pipeline.proxy.miss.entry_writer is pipeline.entry_writer
