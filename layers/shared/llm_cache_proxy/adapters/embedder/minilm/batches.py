"""Which texts go through the model together, and which can let others go first."""

from collections.abc import Iterator, Sequence

_TOKENS = 512  # a run's word pieces, padding included: more is no faster and takes more memory
_STRETCH = 1.25  # the longest text of a batch over its shortest: padding is work thrown away
_CHARACTERS = 4 * _TOKENS  # about as much text as fills one run
_READ_CHARACTERS = 1024  # about as much of one text as the window holds


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of `lengths`, short ones first, in batches of similar length."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        length = lengths[index]
        full = (len(batch) + 1) * length > _TOKENS
        if batch and (full or length > lengths[batch[0]] * _STRETCH):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def turns(texts: Sequence[str]) -> Iterator[list[int]]:
    """Indices of `texts`, short ones first, in turns of about one run.

    Between two of them another caller's text may be worked on.
    """
    turn: list[int] = []
    characters = 0
    for index in sorted(range(len(texts)), key=lambda at: len(texts[at])):
        size = min(len(texts[index]), _READ_CHARACTERS)
        if turn and characters + size > _CHARACTERS:
            yield turn
            turn, characters = [], 0
        turn.append(index)
        characters += size
    if turn:
        yield turn
