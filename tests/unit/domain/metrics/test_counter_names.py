"""Facts about what events add to the counters."""

from llm_cache_proxy.domain.metrics import counter_names


def test_a_hit_adds_what_it_saved_and_a_miss_what_it_used() -> None:
    hit = counter_names.hit_counts(counter_names.EXACT_HITS, "m", 3, 4)
    miss = counter_names.miss_counts("m", 3, 4)

    assert hit["exact_hits"] == 1
    assert (hit["model:m:prompt_saved"], hit["model:m:completion_saved"]) == (3, 4)
    assert miss["misses"] == 1
    assert (miss["model:m:prompt_used"], miss["model:m:completion_used"]) == (3, 4)


def test_sums_take_every_part_in() -> None:
    total = counter_names.merged({"a": 1}, counter_names.error_count("a"), {"a": -3, "b": 2})

    assert total == {"a": -2, "error:a": 1, "b": 2}
    assert counter_names.veto_count("numbers") == {"veto:numbers": 1}


def test_a_ruling_by_a_model_adds_its_tokens_and_cost_and_any_other_only_the_ruling() -> None:
    by_model = counter_names.ruling_counts("m", 3, 4, approved=False, nano_dollars=9)
    by_rule = counter_names.ruling_counts("", 0, 0, approved=True, nano_dollars=0)

    assert by_model == {
        "verifier:refused": 1,
        "model:m:prompt_used": 3,
        "model:m:completion_used": 4,
        "verifier:nano_dollars": 9,
    }
    assert by_rule == {"verifier:approved": 1}
