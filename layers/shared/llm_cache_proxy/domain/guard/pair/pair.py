"""Lays two analysed texts side by side: which words of one have no counterpart in the other.

Never decides; the rules do, over what is found here.
"""

from dataclasses import dataclass
from functools import cached_property

from llm_cache_proxy.domain.guard.pair.counterparts.alignment import unmatched
from llm_cache_proxy.domain.guard.pair.opposed.converse import is_converse
from llm_cache_proxy.domain.guard.pair.opposed.negation import made_good
from llm_cache_proxy.domain.guard.pair.order.gap import Gap, gap
from llm_cache_proxy.domain.guard.pair.order.places import Places, has_light_words, places
from llm_cache_proxy.domain.guard.text.accents import UNDETERMINED
from llm_cache_proxy.domain.guard.text.analysis import Analysis
from llm_cache_proxy.domain.guard.text.foreign import ENGLISH
from llm_cache_proxy.domain.guard.text.markers import is_order
from llm_cache_proxy.domain.guard.text.tokens import Token

_MEASURING = frozenset({"howmany", "howmuch", "howold", "howbig", "howfar"})
_READ = frozenset({"", ENGLISH})
_REWORDED = 3
"""Words without a counterpart that make it a rewording and no replacement."""
_RETOLD = 7
"""Shared content words of a long statement that is told anew."""
_LONG = 4
"""Shared content words that make a question a long one."""


@dataclass(frozen=True)
class Pair:
    """Two analysed texts and their alignment."""

    a: Analysis
    b: Analysis

    @cached_property
    def _unmatched(self) -> tuple[tuple[Token, ...], tuple[Token, ...]]:
        return unmatched(self.a, self.b)

    @property
    def is_foreign(self) -> bool:
        """Whether a text is in another language than English, or both in another script."""
        if self.a.script == self.b.script not in {"", "LATIN"}:
            return True
        if self.a.language in _READ and self.b.language in _READ:
            return False
        languages = {self.a.language, self.b.language} - {""}
        return not languages <= {ENGLISH, UNDETERMINED} or languages == {UNDETERMINED}

    @property
    def kept(self) -> int:
        """How many content words, at least, each text shares with the other."""
        kept_a = len(self.a.content) - len(self.only_a)
        return min(kept_a, len(self.b.content) - len(self.only_b))

    @property
    def much_reworded(self) -> bool:
        """Whether long questions share much and differ in several words, as paraphrases do.

        Where a word stands, or whether a negator became another word, then tells little.
        """
        return self.both_ask and self.kept >= _LONG and len(self.only_a) + len(self.only_b) > 1

    @cached_property
    def places(self) -> tuple[Places, Places]:
        """Where the words that both have stand in `a` and in `b`."""
        return places(self.a, self.b), places(self.b, self.a)

    @cached_property
    def light_places(self) -> tuple[Places, Places]:
        """The same, of words that may come and go as well."""
        in_a, in_b = self.places
        if has_light_words(self.a):
            in_a = places(self.a, self.b, light=True)
        if has_light_words(self.b):
            in_b = places(self.b, self.a, light=True)
        return in_a, in_b

    @cached_property
    def gap(self) -> Gap:
        """Where the texts differ, when what is around it is the same."""
        return gap(self.a, self.b)

    @property
    def is_exacting(self) -> bool:
        """Whether every word counts: an order is given, or it is about money or computers."""
        if self.both_tell:
            return False
        if self.about_money or "computing" in self.a.classes or "computing" in self.b.classes:
            return True
        if not (self.a.questions | self.b.questions).isdisjoint(_MEASURING):
            return True
        return is_order(self.a.words) and is_order(self.b.words)

    @property
    def about_money(self) -> bool:
        """Whether either text speaks of money or accounts, where every word counts."""
        return "money" in self.a.classes or "money" in self.b.classes

    @property
    def is_paraphrase(self) -> bool:
        """Whether a question in which no single word counts was reworded in several places.

        Near as the texts are, the meaning then stayed.
        """
        changed = len(self.only_a) + len(self.only_b)
        return changed >= _REWORDED and self.both_ask and not self.is_exacting

    @property
    def both_ask(self) -> bool:
        """Whether both texts ask a question."""
        return bool(self.a.questions and self.b.questions)

    @cached_property
    def made_good(self) -> bool:
        """Whether a negator on one side makes an opposite good, and nothing else differs."""
        return made_good(self.a, self.b)

    @cached_property
    def is_converse(self) -> bool:
        """Whether both tell one relation from its two ends: "larger than", "smaller than"."""
        return is_converse(self.a, self.b)

    @property
    def both_tell(self) -> bool:
        """Whether both texts only state something."""
        return self.a.tells and self.b.tells

    @property
    def retells(self) -> bool:
        """Whether both texts are long statements that share most of their words, as news do."""
        return self.both_tell and self.kept > _RETOLD

    @property
    def only_a(self) -> tuple[Token, ...]:
        """Content words of `a` without a counterpart in `b`."""
        return self._unmatched[0]

    @property
    def only_b(self) -> tuple[Token, ...]:
        """Content words of `b` without a counterpart in `a`."""
        return self._unmatched[1]
