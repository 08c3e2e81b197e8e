"""What two texts are about, as far as it decides whether a mark between their words tells."""

from functools import cached_property

from llm_cache_proxy.domain.guard.pair.marks.gaps import gaps
from llm_cache_proxy.domain.guard.pair.pair import Pair
from llm_cache_proxy.domain.guard.text.technical import is_technical
from llm_cache_proxy.domain.guard.words import lexicon


class Around:
    """The two texts around a difference; each fact is found when it is first asked for."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair

    @cached_property
    def words(self) -> set[str]:
        """The words of both texts."""
        return {*self.pair.a.words, *self.pair.b.words}

    def speaks_of(self, title: str) -> bool:
        """Whether either text has a word of the set with that title."""
        return not lexicon.word_set(title).isdisjoint(self.words)

    @cached_property
    def is_code(self) -> bool:
        """Whether either text is about code, formulas or data."""
        return is_technical(self.pair.a) or is_technical(self.pair.b)

    @property
    def is_careless(self) -> bool:
        """Whether a text has no capital at all."""
        return self.pair.a.text.islower() or self.pair.b.text.islower()

    @property
    def about_money(self) -> bool:
        """Whether an amount may be written in brackets."""
        return "money" in self.pair.a.classes

    @property
    def ends_path(self) -> bool:
        """Whether the stroke behind a path or an address tells: of a folder, to a server."""
        return "://" not in self.pair.a.text or self.speaks_of("hosting")

    def names(self, part: str) -> bool:
        """Whether the part stands inside the name of a host or in an address."""
        behind = (text.partition(part)[2] for text in (self.pair.a.text, self.pair.b.text))
        return any(rest[:1] in {".", "@"} and rest[1:2].isalnum() for rest in behind)

    @property
    def has_moved_mark(self) -> bool:
        """Whether both have the same marks, so that one of them only stands elsewhere."""
        a, b = (
            sorted("".join("".join(gap.split()) for gap in gaps(each).values()).rstrip(".?!"))
            for each in (self.pair.a, self.pair.b)
        )
        return a == b
