"""Which prompts may be answered by another prompt's answer at all.

A prompt whose right answer depends on when it is asked or on who asks is never compared by
meaning, however near it lies. Being wrong here costs a hit, never an answer.
"""

import re

from llm_cache_proxy.domain.reasons import Reason

_TIME = re.compile(
    r"""\b(?:
        today|tonight|tomorrow|yesterday|nowadays|right\ now|at\ the\ moment|just\ now|currently
        |(?:this|last|next)\ (?:morning|afternoon|evening|week|weekend|month|quarter|year)
        |what(?:'s|\ is)\ the\ (?:date|time)|what\ (?:day|date|time)\ is\ it|how\ long\ ago
        |current\ (?:time|date|weather|temperature|price|rate|status|president|ceo|version|news)
        |latest|newest|most\ recent|up-to-date|breaking\ news|news
        |weather|forecast|stock\ price|share\ price|exchange\ rate|live\ score|traffic
        |so\ far|as\ of\ now|these\ days|in\ stock
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"""\b(?:
        who\ am\ i|where\ am\ i|about\ me\b|remember\ me|do\ you\ (?:know|remember)\ me
        |my\ (?:own\ )?(?:name|age|birthday|address|balance|order|orders|invoice|appointment
          |booking|reservation|ticket|salary|ssn|diagnosis|results?|schedule|calendar|inbox
          |location|wife|husband|son|daughter|boss)
        |(?:i\ am|i'm)\ \d+|i\ live\ in|my\ (?:account|policy|case|claim)\ (?:number|id|status)
        |(?:you|we)\ (?:said|told|discussed|talked)|(?:earlier|previous)\ (?:conversation|message)
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)


def ineligible_text(text: str) -> Reason | None:
    """Why `text` may not be compared by meaning, or None where it may."""
    if not text.strip():
        return Reason.NOT_USER_TEXT
    if _TIME.search(text):
        return Reason.TIME_SENSITIVE
    if _PERSONAL.search(text):
        return Reason.PERSONAL
    return None
