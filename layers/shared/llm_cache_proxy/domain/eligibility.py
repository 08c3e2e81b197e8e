"""Which prompts may be answered by another prompt's answer at all.

A prompt whose right answer depends on when it is asked or on who asks is never compared by
meaning, however near it lies. Being wrong here costs a hit, never an answer. A text that is handed
over to be worked on ("Translate: see you tomorrow") is no part of what is asked.
"""

import re

from llm_cache_proxy.domain.reasons import Reason

_TIME = re.compile(
    r"""\b(?:
        today|tonight|tomorrow|yesterday|nowadays|right\ now|at\ the\ moment|just\ now|currently
        |(?:this|last|next)\ (?:morning|afternoon|evening|week|weekend|month|quarter|year)
        |what(?:'s|\ is)\ the\ (?:date|time)(?=\s*(?:[?.!,]|$)|\ (?:in|at|now|there|here)\b)
        |what\ (?:day|date|time)\ is\ it|how\ long\ ago
        |current\ (?:time|date|weather|temperature|price|rate|status|president|ceo|version|news)
        |(?:latest|newest|most\ recent)(?!\ (?:git\ )?(?:commit|tag|stash|item|row|file)s?\b)
        |up-to-date|breaking\ news|news(?!\ (?:article|anchor|paper)s?\b)
        |weather|forecast|stock\ price|share\ price|exchange\ rate|live\ score|traffic
        |so\ far|as\ of\ now|these\ days|in\ stock
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_OWN = r"""age|birthday|address|balance|orders?|invoice|appointment|booking|reservation|ticket
          |salary|ssn|diagnosis|results?|schedule|calendar|inbox|location"""
_PERSONAL = re.compile(
    rf"""\b(?:
        who\ am\ i|where\ am\ i|about\ me\b|remember\ me|do\ you\ (?:know|remember)\ me
        |my\ (?:own\ )?(?:name(?!\ is\ \w)|{_OWN})
        |(?:i\ am|i'm)\ \d+|i\ live\ in|my\ (?:account|policy|case|claim)\ (?:number|id|status)
        |(?:you|we)\ (?:said|told|discussed|talked)|(?:earlier|previous)\ (?:conversation|message)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_KIN = re.compile(r"\bmy\ (?:wife|husband|son|daughter|boss)\b", re.IGNORECASE)
_WRITING = re.compile(
    r"\s*(?:please\ |(?:can|could)\ you\ )?(?:write|draft|compose)\b", re.IGNORECASE
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
    """Why `text` may not be compared by meaning, or None where it may."""
    if not text.strip():
        return Reason.NOT_USER_TEXT
    asked = _HANDED_OVER.sub(" ", text) if _TREATS.match(text) else text
    if _TIME.search(asked):
        return Reason.TIME_SENSITIVE
    if _PERSONAL.search(asked) or (_KIN.search(asked) and not _WRITING.match(asked)):
        return Reason.PERSONAL
    return None
