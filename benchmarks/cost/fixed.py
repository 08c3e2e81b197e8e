"""What the stack costs every month before its first request, counted from the templates.

A row for each thing that is paid by the month, with how many of it the template makes.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from llm_cache_proxy.adapters.request_sink.cloudwatch import UNITS
from llm_cache_proxy.domain.requests.reasons import Result
from samples.stack.template import Stack, template

ALARM, METRIC = 0.10, 0.30
WEB_ACL, WEB_ACL_RULE = 5.00, 1.00
NAT_GATEWAY, CACHE_NODE = 32.85, 9.34
DETAILED_METRICS_OF_A_METHOD = 7
_TIERS = len(Result) + 1
_WATCHED = {
    "Name": "lcp",
    "Namespace": "LlmCacheProxy/lcp",
    "CompletionsFunction": "completions",
    "EmbeddingFunction": "embedding",
    "MetricsFunction": "metrics",
    "AdminFunction": "admin",
    "FailedInvocations": "queue",
    "CompletionsTimeoutSeconds": "300",
}


class Fixed(NamedTuple):
    """One thing that is paid by the month."""

    name: str
    dollars: float
    why: str


def idle(parameters: Mapping[str, str] | None = None) -> list[Fixed]:
    """What a stack with these parameters costs while nobody calls it."""
    stack = Stack(**(parameters or {}))
    return [
        Fixed(name, dollars, why)
        for name, dollars, why in (
            _alarms(stack),
            _firewall(stack),
            _network(stack),
            _methods(stack),
        )
        if dollars
    ]


def rows() -> Iterable[str]:
    """A Markdown table: the defaults, and what options add."""
    yield "| | dollars a month | |"
    yield "|---|---:|---|"
    found = idle()
    yield from (f"| {fixed.name} | {fixed.dollars:.2f} | {fixed.why} |" for fixed in found)
    yield f"| **by default, idle** | **{sum(fixed.dollars for fixed in found):.2f}** | |"
    for name, parameters in (
        ("`Network=vpc` adds", {"Network": "vpc"}),
        ("a gradual `Rollout` adds", {"Rollout": "Canary10Percent5Minutes"}),
        ("`RequestsPerAddress=0` takes", {"RequestsPerAddress": "0"}),
        ("`AlarmAddress=none` takes", {"AlarmAddress": "none"}),
    ):
        yield f"| {name} | {total(parameters) - total():+.2f} | |"
    most = METRIC * len(UNITS) * _TIERS
    yield (
        f"| own metrics, while there is traffic | at most {most:.2f} | {len(UNITS)} names by up to "
        f"{_TIERS} tiers, {METRIC:.2f} each, for the hours in which they are written |"
    )


def total(parameters: Mapping[str, str] | None = None) -> float:
    """Dollars a month while nobody calls it."""
    return sum(fixed.dollars for fixed in idle(parameters))


def _alarms(stack: Stack) -> Fixed:
    alarms = [*stack.of_type("AWS::CloudWatch::Alarm").values()]
    if "Watch" in stack.resources:
        watched = Stack(template("infra/monitoring.yaml"), **_WATCHED)
        alarms += watched.of_type("AWS::CloudWatch::Alarm").values()
    metrics = sum(
        len([one for one in alarm.get("Metrics", ()) if "MetricStat" in one]) or 1
        for alarm in alarms
    )
    return Fixed("Alarms", ALARM * metrics, f"{len(alarms)}, which watch {metrics} metrics")


def _firewall(stack: Stack) -> Fixed:
    acls = stack.of_type("AWS::WAFv2::WebACL").values()
    rules = sum(len(acl["Rules"]) for acl in acls)
    dollars = WEB_ACL * len(acls) + WEB_ACL_RULE * rules
    return Fixed("Firewall (WAF)", dollars, "and 0.60 for a million requests")


def _network(stack: Stack) -> Fixed:
    if "PrivateNetwork" not in stack.resources:
        return Fixed("Network", 0, "")
    made = [r["Type"] for r in template("infra/network.yaml")["Resources"].values()]
    gateways = made.count("AWS::EC2::NatGateway")
    nodes = made.count("AWS::ElastiCache::ReplicationGroup")
    return Fixed("Network", NAT_GATEWAY * gateways + CACHE_NODE * nodes, "NAT gateway and cache")


def _methods(stack: Stack) -> Fixed:
    settings = stack.resources["Api"]["Properties"]["MethodSettings"]
    metered = [one for one in settings if one["MetricsEnabled"]]
    dollars = METRIC * DETAILED_METRICS_OF_A_METHOD * len(metered)
    return Fixed("Detailed API metrics", dollars, f"of {len(metered)} methods")


_PARTS = (_alarms, _firewall, _network, _methods)
