from llm_cache_proxy.domain.evaluation import Relations


def test_a_label_holds_for_its_pair_either_way_round() -> None:
    relations = Relations([(1, 2, True), (3, 4, False)])

    assert relations.same_answer(2, 1) is True
    assert relations.same_answer(4, 3) is False


def test_same_answers_carry_on() -> None:
    relations = Relations([(1, 2, True), (2, 3, True), (4, 3, True)])

    assert relations.same_answer(1, 4) is True


def test_another_answer_carries_over_texts_with_the_same_answer() -> None:
    relations = Relations([(1, 2, True), (2, 3, False), (3, 4, True)])

    assert relations.same_answer(1, 4) is False


def test_what_no_label_relates_is_unknown() -> None:
    relations = Relations([(1, 2, True), (3, 4, False)])

    assert relations.same_answer(1, 3) is None
    assert relations.same_answer(5, 6) is None


def test_two_that_differ_from_a_third_may_be_the_same() -> None:
    relations = Relations([(1, 2, False), (2, 3, False)])

    assert relations.same_answer(1, 3) is None


def test_a_label_on_the_pair_outweighs_what_follows_from_others() -> None:
    relations = Relations([(1, 2, True), (2, 3, True), (1, 3, False)])

    assert relations.same_answer(1, 3) is False


def test_a_text_has_its_own_answer() -> None:
    assert Relations([(1, 1, False)]).same_answer(2, 2) is True
