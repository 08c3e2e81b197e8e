"""Which prompts may be answered by another prompt's answer at all.

A prompt whose right answer depends on the time or on the person is never compared by
meaning, however near it lies. Being wrong here costs a hit, never an answer. A text that is handed
over to be worked on ("Translate: see you tomorrow") is no part of the question.
"""

import re
from functools import lru_cache

from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT
from llm_cache_proxy.domain.requests.reasons import Reason

_TIME = re.compile(
    r"""\b(?:
        today|tonight|tomorrow|yesterday|right\ now|at\ the\ moment|just\ now
        |who\ is\ currently
        |currently\ (?:open|available|playing|trading|trending|happening|airing|worth|live)
        |(?:this|last|next)\ (?:morning|afternoon|evening|week|weekend|month)
        |what(?:'s|\ is)\ the\ (?:date|time)(?=\s*(?:[?.!,]|$)|\ (?:in|at|now|there|here)\b)
        |what\ (?:day|date|time)\ is\ it|how\ long\ ago
        |current\ (?:time|date|weather|temperature|price|rate|status|president|ceo|version|news)
        |(?:latest|newest|most\ recent)(?!\ (?:git\ )?(?:commit|tag|stash|item|row|file)s?\b)
        |up-to-date|breaking\ news|news(?!\ (?:article|anchor|paper)s?\b)
        |weather|forecast|stock\ price|share\ price|exchange\ rate|live\ score
        |traffic(?=\s*(?:[?.!]|$)|\ (?:in|on|near|at|to|from|report|jam|now)\b)
        |as\ of\ now|in\ stock
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_OWN = r"""age|birthday|address|balance|orders?|invoice|appointment|booking|reservation|ticket
          |salary|ssn|diagnosis|results?|schedule|calendar|inbox|location"""
_PERSONAL = re.compile(
    r"""\b(?:
        who\ am\ i|where\ am\ i|about\ me\b|remember\ me|do\ you\ (?:know|remember)\ me
        |my\ (?:account|policy|case|claim)\ (?:number|id|status)
        |(?<!like\ )(?:i\ am|i'm)\ \d+|i\ live\ in
        |(?:you|we)\ (?:said|told|discussed|talked)|(?:earlier|previous)\ (?:conversation|message)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_POSSESSION = re.compile(
    rf"\bmy\ (?:own\ )?(?:name(?!\ is\ \w)|{_OWN}|wife|husband|son|daughter|boss)\b",
    re.VERBOSE | re.IGNORECASE,
)
_GENERAL = re.compile(  # asks how something is done, or has something written
    r"""\s*(?:please\ |(?:can|could)\ you\ )?(?:write|draft|compose|explain\ how)\b
    | \s*(?:how\ (?:do|can|could|should|would|might|to)|(?:can|could|may|should)\ (?:i|we)
      |is\ it\ possible|what\ happens\ (?:if|when)|what\ is\ the\ best\ way)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_HANDED_OVER = re.compile(
    r"""
      ```.*?(?:```|\Z) | `[^`\n]*` | "[^"\n]*" | “[^”\n]*”
    | (?<=:)(?<!\d:)\s.*\Z  # what follows the colon of "Translate into French: …"
    """,
    re.VERBOSE | re.DOTALL,
)
_TREATS = re.compile(
    r"""\s*(?:please\ |(?:can|could)\ you\ )?(?:translate|fix|correct|rewrite|rephrase|paraphrase
    |proofread|edit|improve|shorten|expand|summari[sz]e|classify|extract|explain|format|convert
    |check|spell|say|make|put|turn|change)\b""",
    re.VERBOSE | re.IGNORECASE,
)


def ineligible_text(text: str) -> Reason | None:
    """Why `text` may not use the semantic tier, or None where it may."""
    if not text.strip():
        return Reason.NOT_USER_TEXT
    if len(text) > LONGEST_TEXT:  # the guard would not let it pass
        return Reason.TOO_LONG
    return _ineligible_question(text)


@lru_cache(maxsize=32)  # a miss asks twice; what is longer would be held here for long
def _ineligible_question(text: str) -> Reason | None:
    question = _HANDED_OVER.sub(" ", text) if _TREATS.match(text) else text
    if _TIME.search(question):
        return Reason.TIME_SENSITIVE
    if _PERSONAL.search(question) or (
        _POSSESSION.search(question) and not _GENERAL.match(question)
    ):
        return Reason.PERSONAL
    return None
