"""Every rule of the guard, in the order in which they are asked: cheap and certain ones first."""

from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.rules.form.handed import HANDED_OVER
from llm_cache_proxy.domain.guard.rules.form.hidden import HIDDEN
from llm_cache_proxy.domain.guard.rules.form.letters import LETTERS
from llm_cache_proxy.domain.guard.rules.form.signs import SIGNS
from llm_cache_proxy.domain.guard.rules.form.written import CASE, CODE, LANGUAGE, QUOTATION
from llm_cache_proxy.domain.guard.rules.meaning.content import ADDITION, CONTRAST, SUBSTITUTION
from llm_cache_proxy.domain.guard.rules.meaning.dates import DATES
from llm_cache_proxy.domain.guard.rules.meaning.logic import MODALITY, PERSONS, QUANTIFIERS, TENSE
from llm_cache_proxy.domain.guard.rules.meaning.mistaken import LOOK_ALIKES, SMALL_WORDS
from llm_cache_proxy.domain.guard.rules.meaning.names import ENTITIES, LANGUAGES
from llm_cache_proxy.domain.guard.rules.meaning.numbers import NUMBERS
from llm_cache_proxy.domain.guard.rules.meaning.polarity import NEGATION, OPPOSITES
from llm_cache_proxy.domain.guard.rules.meaning.units import UNITS
from llm_cache_proxy.domain.guard.rules.meaning.unlisted import FOREIGN, UNLISTED
from llm_cache_proxy.domain.guard.rules.meaning.versions import VERSIONS
from llm_cache_proxy.domain.guard.rules.sentence.asking import FORM, QUESTION, TASK
from llm_cache_proxy.domain.guard.rules.sentence.plural import PLURAL
from llm_cache_proxy.domain.guard.rules.sentence.roles import DIRECTION

RULES: tuple[Rule, ...] = (
    LANGUAGE,
    HIDDEN,
    UNLISTED,
    FOREIGN,
    NUMBERS,
    UNITS,
    VERSIONS,
    DATES,
    LETTERS,
    CODE,
    SIGNS,
    QUOTATION,
    HANDED_OVER,
    CASE,
    NEGATION,
    OPPOSITES,
    QUESTION,
    TASK,
    FORM,
    LANGUAGES,
    QUANTIFIERS,
    MODALITY,
    TENSE,
    PERSONS,
    DIRECTION,
    PLURAL,
    ENTITIES,
    SMALL_WORDS,
    LOOK_ALIKES,
    CONTRAST,
    SUBSTITUTION,
    ADDITION,
)
