"""Facts about subsegments, and the headers that say whether there are any."""

import pytest

from llm_cache_proxy.adapters.telemetry.xray import XRayTracer, sampled

ROOT, PARENT = f"1-{'a' * 8}-{'b' * 24}", "c" * 16
HEADER = f"Root={ROOT};Parent={PARENT};Sampled=1;Lineage=1:2:3"


def test_a_sampled_request_names_its_trace_and_its_segment() -> None:
    assert sampled(HEADER) == (ROOT, PARENT)


@pytest.mark.parametrize(
    "header",
    ["", "x", f"Root={ROOT}", HEADER.replace("=1;L", "=0;L"), HEADER.replace("1-a", "2-a")],
)
def test_any_other_request_is_not_recorded(header: str) -> None:
    assert sampled(header) == ("", "")


def test_the_trace_goes_on_under_the_steps_own_name() -> None:
    tracer = XRayTracer(("127.0.0.1", 9), lambda: HEADER)
    tracer.request("POST /v1", {}, {})
    step = tracer.step("chat m", {}, leaves=True)

    [(name, value)] = tracer.onward(step).items()

    version, trace, span, flags = value.split("-")
    assert (name, version, trace, flags) == ("traceparent", "00", "a" * 8 + "b" * 24, "01")
    assert len(span) == 16


def test_without_lambdas_header_nothing_goes_on() -> None:
    tracer = XRayTracer(("127.0.0.1", 9))
    tracer.request("POST /v1", {"x-amzn-trace-id": "Root=1-2-3"}, {})

    assert tracer.onward(tracer.step("chat m", {})) == {}
    assert tracer.current().trace_id == ""
