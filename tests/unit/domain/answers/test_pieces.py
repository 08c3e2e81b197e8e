from llm_cache_proxy.domain.answers.pieces import LONGEST_ANSWER, MOST_PIECES, pieces


def test_sentences_and_list_items_are_pieces_without_their_signs() -> None:
    answer = "# Title\n\nOne thing. **Another** one!\n- an `item`\n2. a second\n\n---\n"

    assert pieces(answer) == ("Title", "One thing.", "Another one!", "an item", "a second")


def test_a_code_block_is_one_piece_closed_or_not() -> None:
    assert pieces("Run:\n```sh\nls\npwd\n```\nDone.") == ("Run:", "ls\npwd", "Done.")
    assert pieces("```\nls") == ("ls",)
    assert pieces("```\n```") == ()


def test_only_so_many_pieces_of_so_long_an_answer_are_read() -> None:
    assert len(pieces("A word.\n" * 100)) == MOST_PIECES
    assert pieces(" " * LONGEST_ANSWER + "too late") == ()
