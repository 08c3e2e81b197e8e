"""Signs that nothing claims as code, in order: what tells two texts apart whose words are the same.

Leaves out what prose may have or lack: emphasis, bullets, headings, a hashtag, and brackets around
words that are to be replaced.
"""

import re

from llm_cache_proxy.domain.guard.text.signs.plain import with_keys, without_strokes
from llm_cache_proxy.domain.guard.text.signs.signature import TYPED

_SIGN = re.compile(
    r"[+*/=<>^%&|~@#\\{}\[\]_]|\$(?!\s?\d)(?<!\d\$)"  # a currency is compared with its number
    r"|(?<![\w)\]])-(?=[\d.(A-Za-z])"  # a minus or a flag, no hyphen and no dash
    r"|:{2,}|(?<=\d)\.{2,}(?=\d)"
    r"|(?<=\s)['\"`](?=[\s?]|$)"  # a quote that is asked about
    r"|(?<=[+*}\])])\?(?=\s\w)"  # the lazy "+?", no question that ends
    r"|(?<=\b[A-Za-z]):(?=\s?[A-Za-z]\b)"  # "lambda x: y"
)
_BULLET = re.compile(r"^[ \t]*(?:[*+-]|#{1,6})[ \t]+(?=\w)", re.MULTILINE)
_TAGGED = re.compile(r"(?<!\S)[#@](?=[A-Za-z]\w)")
_PLACEHOLDER = re.compile(r"\[([A-Za-z][A-Za-z' ]{3,})\]")
_PARTING = re.compile(r"(?<=[A-Za-z]{2})\s?[/&+|~]\s?(?=[A-Za-z]{2})")
"""Signs that only part two words, as commas do: "men/women"."""
_PER = re.compile(
    r"(?:[mkµ]?g|[kmc]m|ml|mi|kw|[kmg]b)\s?/\s?(?:kg|day|hour|min|sec|week|dl|ml|mo)\b",
    re.IGNORECASE,
)
_STRAY = re.compile(r"(?<=[?!.])\s?[^\w\s]{1,8}$|(?<=\d)/-(?!\w)")
"""What is left behind a sentence, and how prices end in India: "500/-"."""
_TAG = re.compile(r"<(\w+)>")
_RATIO = re.compile(r"(?<![\w/.])(\d{1,2})/(\d{1,2})(?= [a-z])")
_DAYS = 7
_WHOLE = 100
_QUOTED_VALUE = re.compile(
    r"(?:\b(?:to|be|returns?|as)|[=:,(\[])\s?([\"'])(?:null|none|nil|undefined|true|false|yes|no|on|off)\1",
    re.IGNORECASE,
)
"""A value that quotes make a string: "SET a = 'NULL'"."""
_TYPED_VALUE = re.compile(r"(?<=\w)\.{3}(?=\s[a-z])|(?<!\w)[\"']\d[\d.]*[\"']")
"""A variadic type, and a number that quotes make a string."""


def loose_signs(text: str, *, computing: bool) -> list[str]:
    """The signs of a text; more of them count in one about computers."""
    text = text.translate(TYPED).rstrip("?=. \n")
    values = ["'" for _ in _QUOTED_VALUE.finditer(text)]
    text = ratios_joined(_TAG.sub(r"\1", _BULLET.sub("", text)))
    text = without_strokes(with_keys(text))
    if computing:
        return values + _SIGN.findall(text) + _TYPED_VALUE.findall(text)
    text = _PLACEHOLDER.sub(r"\1", _TAGGED.sub("", text))
    return values + _SIGN.findall(_STRAY.sub("", _PARTING.sub(_parted, text)))


def _parted(parting: re.Match[str]) -> str:
    """A space where a sign only parts two words; a unit by another keeps its stroke: "mg/kg"."""
    return parting[0] if _PER.match(parting.string, max(parting.start() - 2, 0)) else " "


def ratios_joined(text: str) -> str:
    """The text with a hyphen in shares of a whole, and in hours and days: "80-20", "24-7"."""
    return _RATIO.sub(_without_stroke, text) if "/" in text else text


def _without_stroke(ratio: re.Match[str]) -> str:
    """Shares of a whole, or hours and days, which a hyphen joins as well: "80/20", "24/7"."""
    left, right = int(ratio[1]), int(ratio[2])
    named = left + right == _WHOLE or right == _DAYS < left
    return f"{left}-{right}" if named else ratio[0]
