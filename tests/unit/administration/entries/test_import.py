"""Facts about entries that are taken in: exported records, and answers from past logs."""

import base64
import copy
from collections.abc import Callable
from struct import pack
from typing import Any

import pytest

from fakes.admin import AdminHarness
from fakes.exact import MemoryExact
from fakes.upstream import completion
from llm_cache_proxy.administration import EntryImport
from llm_cache_proxy.domain.errors import (
    EmbedderUnavailable,
    ExactStoreUnavailable,
    InvalidRequest,
)
from llm_cache_proxy.domain.json_text import JsonObject
from llm_cache_proxy.domain.requests.policy import Policy
from unit.pipeline.harness import Harness

PROMPT = "What is Rust?"
PARAPHRASE = "Tell me what Rust is"


class Moved:
    """A proxy with its office."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.exact = MemoryExact()
        self.harness = Harness(policy or Policy(), exact=self.exact)
        self.harness.embedder.set_similarity(PROMPT, PARAPHRASE, 0.97)
        self.office = AdminHarness(
            exact=self.exact,
            vectors=self.harness.vectors,
            entry_import=EntryImport(self.harness.pipeline, self.harness),
        )

    async def exported(self) -> list[Any]:
        answer = await self.office.administration().perform({"action": "export"})
        assert isinstance(answer["records"], list)
        return answer["records"]

    async def take(self, *records: object) -> JsonObject:
        action = {"action": "import", "records": list(records)}
        return await self.office.administration().perform(action)

    async def refusal(self, record: object) -> str:
        """Why the one line is refused."""
        answer = await self.take(record)
        assert answer["refused"] == 1
        [problem] = answer["problems"] if isinstance(answer["problems"], list) else []
        return str(problem["message"])


@pytest.fixture
def moved() -> Moved:
    return Moved()


@pytest.fixture
async def record() -> dict[str, Any]:
    """The record of one answer, with its vector, as another proxy exports it."""
    source = Moved()
    await source.harness.ask(PROMPT)
    [exported] = await source.exported()
    assert isinstance(exported, dict)
    return exported


def past(text: str = PROMPT, **fields: object) -> dict[str, object]:
    """A line of a past log."""
    request = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return {"request": request, "response": completion("as it was said"), **fields}


async def test_a_record_answers_as_it_did_where_it_came_from(
    moved: Moved, record: dict[str, Any]
) -> None:
    answer = await moved.take(record)

    same, reworded = await moved.harness.ask(PROMPT), await moved.harness.ask(PARAPHRASE)
    assert (answer["imported"], answer["problems"]) == (1, [])
    assert (same.x_cache, reworded.x_cache) == ("HIT-EXACT", "HIT-SEMANTIC")
    assert moved.harness.upstream.calls == []


async def test_a_record_keeps_its_expiry(moved: Moved, record: dict[str, Any]) -> None:
    moved.harness.exact.time += 60
    await moved.take(record)

    answer = await moved.harness.ask(PROMPT)

    assert answer.outcome.age_seconds == 60


async def test_an_expired_answer_gives_way_to_one_that_is_taken_in() -> None:
    moved = Moved(Policy(default_ttl_seconds=100, stale_while_revalidate_seconds=60))
    await moved.harness.ask(PROMPT)
    moved.exact.time += 100

    answer = await moved.take(past())

    assert answer["imported"] == 1
    assert (await moved.harness.ask(PROMPT)).said == "as it was said"


async def test_an_expired_record_is_left_out(moved: Moved, record: dict[str, Any]) -> None:
    moved.harness.exact.time = record["entry"]["expires_at"]

    answer = await moved.take(record)

    assert answer["expired"] == 1
    assert await moved.office.held() == (0, 0)


async def test_a_record_without_a_vector_answers_exactly_only(
    moved: Moved, record: dict[str, Any]
) -> None:
    answer = await moved.take({**record, "vector": None})

    assert answer["imported"] == 1
    assert await moved.office.held() == (1, 0)


async def test_a_record_whose_vector_cannot_be_written_is_to_be_imported_again(
    moved: Moved, record: dict[str, Any]
) -> None:
    moved.harness.vectors.away = True
    first = await moved.take(record)
    moved.harness.vectors.away = False

    again = await moved.take(record)

    assert first["without_vector"] == 1
    assert first["problems"] == [{"line": 0, "message": "the fake vector store is away"}]
    assert again["imported"] == 1
    assert await moved.office.held() == (1, 1)


async def test_a_record_from_before_a_clear_by_age_is_refused(
    moved: Moved, record: dict[str, Any]
) -> None:
    await moved.harness.exact.cut_before("default", record["entry"]["created_at"] + 1)

    assert "a clear has taken" in await moved.refusal(record)
    assert await moved.office.held() == (0, 0)


async def test_a_record_is_taken_after_its_like_was_cleared(
    moved: Moved, record: dict[str, Any]
) -> None:
    await moved.office.administration().perform({"action": "clear", "all": True})

    answer = await moved.take(record)

    assert answer["imported"] == 1
    assert (await moved.harness.ask(PROMPT)).x_cache == "HIT-EXACT"


Change = Callable[[Any], object]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: r.update(format_version=99), "format_version"),
        (lambda r: r.update(tenant="other"), "entry_id"),
        (lambda r: r.update(tenant=""), "entry_id"),
        (lambda r: r.update(tenant=7), "'tenant' must be a string"),
        (lambda r: r.update(entry=[]), "'entry' must be an object"),
        (lambda r: r.update(vector="near"), "'vector' must be an object"),
        (lambda r: r["entry"].update(selectors=["all"]), "selectors"),
        (lambda r: r["entry"].update(selectors="all"), "array of strings"),
        (lambda r: r["entry"].update(selectors=["all", 3]), "array of strings"),
        (lambda r: r["entry"].update(expires_at=1), "must follow each other"),
        (lambda r: r["entry"].update(purge_at=10**12), "must follow each other"),
        (lambda r: r["entry"].update(created_at=True), "whole number"),
        (lambda r: r["entry"].update(prompt_tokens=-1), "whole number"),
        (lambda r: r["entry"].update(completion_tokens=2**63), "whole number"),
        (lambda r: r["entry"].update(text="\ud800"), "surrogate"),
        (lambda r: r["entry"].update(text="x" * 5_000_001), "longer than 5,000,000"),
        (lambda r: r["entry"]["selectors"].append("tag:\udfff"), "surrogate"),
        (lambda r: r["entry"]["forms"].update(json="no JSON"), "one JSON object"),
        (lambda r: r["entry"]["forms"].update(json="[1]"), "one JSON object"),
        (lambda r: r["entry"]["forms"].update(json="[" * 100_000), "one JSON object"),
        (lambda r: r["entry"]["forms"].update(sse="no events"), "whole server-sent events"),
        (lambda r: r["entry"]["forms"].update(sse="data: {}\n"), "whole server-sent events"),
        (lambda r: r["entry"]["forms"].update(sse="data: no JSON\n\n"), "server-sent events"),
        (lambda r: r["entry"]["forms"].update(usage_event="data: 1\n\n"), "server-sent events"),
        (lambda r: r["vector"].update(values="not base64!"), "floats in base64"),
        (lambda r: r["vector"].update(values="AAAA"), "floats in base64"),
        (
            lambda r: r["vector"].update(
                values=base64.b64encode(pack("<384f", *[float("inf")] * 384)).decode()
            ),
            "not finite",
        ),
        (lambda r: r["vector"].update(values="AAAAAA=="), "without a direction"),
    ],
)
async def test_a_damaged_record_is_refused_by_the_name_of_what_is_wrong(
    moved: Moved, record: dict[str, Any], change: Change, why: str
) -> None:
    damaged = copy.deepcopy(record)
    change(damaged)

    assert why in await moved.refusal(damaged)
    assert await moved.office.held() == (0, 0)


async def test_one_damaged_line_does_not_hold_up_the_others(
    moved: Moved, record: dict[str, Any]
) -> None:
    answer = await moved.take("no record", record, {})

    problems = answer["problems"]
    assert (answer["imported"], answer["refused"]) == (1, 2)
    assert isinstance(problems, list)
    assert [problem["line"] for problem in problems] == [0, 2]


@pytest.mark.parametrize("count", [0, 501])
async def test_an_import_takes_some_lines_and_not_too_many(moved: Moved, count: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        await moved.take(*[past()] * count)

    assert refused.value.param == "records"


async def test_a_process_without_a_pipeline_imports_nothing() -> None:
    with pytest.raises(InvalidRequest) as refused:
        await AdminHarness().administration().perform({"action": "import", "records": [past()]})

    assert refused.value.code == "import_not_available"


async def test_a_past_answer_serves_as_if_it_had_been_requested(moved: Moved) -> None:
    answer = await moved.take(past())

    same, reworded = await moved.harness.ask(PROMPT), await moved.harness.ask(PARAPHRASE)
    assert answer["imported"] == 1
    assert (same.x_cache, same.said) == ("HIT-EXACT", "as it was said")
    assert reworded.x_cache == "HIT-SEMANTIC"


async def test_a_past_answer_is_counted_as_nothing(moved: Moved) -> None:
    await moved.take(past())

    assert moved.exact.counted() == {}


async def test_a_past_answer_that_is_held_is_left_as_it_is(moved: Moved) -> None:
    await moved.harness.ask(PROMPT)

    result = await moved.take(past())

    assert result["held"] == 1
    assert (await moved.harness.ask(PROMPT)).said == "answer 1"


async def test_a_past_answer_lives_from_when_it_was_given(moved: Moved) -> None:
    now = int(moved.exact.time)

    answer = await moved.take(
        past("old", created_at=now - 10**6), past("younger", created_at=now - 60)
    )

    assert (answer["expired"], answer["imported"]) == (1, 1)
    assert (await moved.harness.ask("younger")).outcome.age_seconds == 60


async def test_a_past_answer_is_kept_for_its_tenant_and_as_its_headers_say(moved: Moved) -> None:
    await moved.take(past(tenant="a", headers={"X-Cache-TTL": "100"}))

    own, others = await moved.harness.ask(PROMPT, tenant="a"), await moved.harness.ask(PROMPT)

    assert (own.x_cache, own.outcome.ttl_seconds) == ("HIT-EXACT", 100)
    assert others.x_cache == "MISS"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (past(response=None), "'request' and 'response' must both be objects"),
        (past(path="/images"), "'path' must be one of"),
        (past(headers={"x-cache-mode": "off"}), "is not kept"),
        (past(headers={"x-cache-mode": "read-only"}), "is not kept"),
        (past(response=completion("cut", finish="length")), "not a whole answer"),
        (past(answer="misspelt"), "no field of this action"),
        (past(response="text"), "must be an object"),
    ],
)
async def test_a_past_answer_that_may_not_be_kept_is_refused(
    moved: Moved, line: dict[str, object], why: str
) -> None:
    assert why in await moved.refusal(line)
    assert await moved.office.held() == (0, 0)


async def test_a_past_answer_is_not_kept_while_the_embedder_is_unavailable(moved: Moved) -> None:
    moved.harness.embedder.away = True

    with pytest.raises(EmbedderUnavailable):
        await moved.take(past())

    assert await moved.office.held() == (0, 0)


async def test_a_past_answer_needs_no_embedder_where_meaning_is_not_compared(
    moved: Moved,
) -> None:
    moved.harness.embedder.away = True

    answer = await moved.take(past(headers={"x-cache-mode": "exact"}))

    assert answer["imported"] == 1


async def test_a_past_answer_whose_vector_cannot_be_written_is_reported(moved: Moved) -> None:
    moved.harness.vectors.away = True

    answer = await moved.take(past())

    assert answer["without_vector"] == 1
    assert await moved.exact.count_entries("default") == 1


async def test_nothing_is_imported_while_the_exact_tier_is_unavailable(moved: Moved) -> None:
    moved.exact.away = True

    with pytest.raises(ExactStoreUnavailable):
        await moved.take(past())
