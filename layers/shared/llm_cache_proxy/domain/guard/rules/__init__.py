"""Every rule of the guard, in the order in which they are asked: cheap and certain ones first."""

from llm_cache_proxy.domain.guard.rule import Rule
from llm_cache_proxy.domain.guard.rules.amounts import DATES, NUMBERS, UNITS, VERSIONS
from llm_cache_proxy.domain.guard.rules.asking import FORM, QUESTION, TASK
from llm_cache_proxy.domain.guard.rules.content import ADDITION, CONTRAST, SUBSTITUTION
from llm_cache_proxy.domain.guard.rules.handed import HANDED_OVER
from llm_cache_proxy.domain.guard.rules.hidden import HIDDEN
from llm_cache_proxy.domain.guard.rules.letters import LETTERS
from llm_cache_proxy.domain.guard.rules.logic import MODALITY, PERSONS, QUANTIFIERS, TENSE
from llm_cache_proxy.domain.guard.rules.names import ENTITIES, LANGUAGES
from llm_cache_proxy.domain.guard.rules.plural import PLURAL
from llm_cache_proxy.domain.guard.rules.polarity import NEGATION, OPPOSITES
from llm_cache_proxy.domain.guard.rules.roles import DIRECTION
from llm_cache_proxy.domain.guard.rules.signs import SIGNS
from llm_cache_proxy.domain.guard.rules.unlisted import FOREIGN, UNLISTED
from llm_cache_proxy.domain.guard.rules.written import CASE, CODE, LANGUAGE, QUOTATION

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
    CONTRAST,
    SUBSTITUTION,
    ADDITION,
)
