"""Facts about the line that CloudWatch reads as log and as metrics."""

import io
import json
from typing import Any

from llm_cache_proxy.adapters.request_sink.cloudwatch import UNITS, CloudWatchRequests
from llm_cache_proxy.domain.metrics.request_event import RequestEvent
from samples.request_events import SAVED, USED, an_event


def written(*requests: RequestEvent) -> list[dict[str, Any]]:
    stream = io.StringIO()
    sink = CloudWatchRequests("LlmCacheProxy/test", stream)
    for request in requests:
        sink.write(request)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def metrics(line: dict[str, Any]) -> dict[str, float]:
    """The metrics of a line, read as CloudWatch reads them."""
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "LlmCacheProxy/test"
    for metric in directive["Metrics"]:
        assert UNITS[metric["Name"]] == metric["Unit"]
    return {metric["Name"]: line[metric["Name"]][0] for metric in directive["Metrics"]}


def test_a_hit_reports_what_it_saved_under_its_tier_alone() -> None:
    [line] = written(an_event(result="HIT-EXACT", usage=SAVED, nano_dollars=44_250))

    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["tier"]]
    assert line["tier"] == "HIT-EXACT"
    assert metrics(line) == {
        "Requests": 1,
        "Latency": 12.3456,
        "TokensSaved": 154,
        "DollarsSaved": 0.00004425,
        "ColdStart": 1,
    }


def test_a_miss_reports_what_it_cost_and_what_failed_on_the_way() -> None:
    failures = {"search": 2, "upstream_500": 1, "client_left": 1}
    [_, line] = written(
        an_event(),
        an_event(
            usage=USED,
            nano_dollars=44_250,
            vetoes={"numbers": 1, "names": 2},
            failures=failures,
            timings={"embed": 7.5, "upstream": 30.0},
        ),
    )

    assert metrics(line) == {
        "Requests": 1,
        "Latency": 12.3456,
        "TokensUsed": 154,
        "DollarsSpent": 0.00004425,
        "UpstreamErrors": 1,
        "CacheErrors": 2,
        "GuardVetoes": 3,
        "EmbeddingLatency": 7.5,
    }
    assert (line["vetoes"], line["failures"]) == ({"numbers": 1, "names": 2}, failures)


def test_only_the_first_request_of_an_instance_is_a_cold_start() -> None:
    first, second = written(an_event(), an_event())

    assert ("ColdStart" in metrics(first), "ColdStart" in metrics(second)) == (True, False)


def test_tokens_without_a_price_are_counted_and_no_dollars_made_up() -> None:
    [line] = written(an_event(usage=USED, nano_dollars=None))

    assert "TokensUsed" in metrics(line)
    assert "DollarsSpent" not in metrics(line)


def test_a_miss_that_was_not_looked_up_is_no_part_of_the_hit_ratio() -> None:
    lines = written(
        an_event(),
        an_event(reason="refresh"),
        an_event(result="BYPASS", reason="refresh"),
    )

    assert [metrics(line).get("NotRead") for line in lines] == [None, 1, None]


def test_an_upstream_that_gave_no_answer_is_an_error_of_it() -> None:
    [line] = written(an_event(reason="upstream-error", status=502))

    assert metrics(line)["UpstreamErrors"] == 1


def test_the_tier_is_the_result() -> None:
    [line] = written(an_event(result="REFUSED", reason="refused:invalid_json", status=400))

    assert line["tier"] == "REFUSED"


def test_the_line_is_the_request_log_as_well_and_holds_no_prompt() -> None:
    request = an_event(correlation_id="Root=1-2-3", prompt="a secret")

    [line] = written(request)

    assert request.line().items() <= line.items()
    assert "secret" not in json.dumps(line)
