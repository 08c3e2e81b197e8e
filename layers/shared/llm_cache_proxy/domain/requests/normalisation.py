"""Which spellings of a prompt are one prompt: case and spacing of prose, never of code.

Normalising is only the exact tier's idea of "the same"; two texts that differ as written and agree
only here must still pass the guard before one's answer serves the other.
"""

import re
import unicodedata

from llm_cache_proxy.domain.guard.limits import LONGEST_TEXT

# Anything here means that case or spacing may carry meaning: fences, inline code, indentation,
# operators, call and index brackets, paths and addresses, identifiers, diffs, YAML, SQL and the
# like. One sign is enough: what stays as it was written can only cost a hit. Texts may be as long
# as a request, so no alternative may read a run of blank lines, or a line, more than once for each
# place that it starts from: hence the atomic group, and no `\s*` after `^`.
_CODE = re.compile(
    r"""
      `                                     # fenced or inline code
    | ^(?:[ ]{4}|\t)\S                      # an indented block
    | ^[^\S\n]*(?:[-+@]{1,3}|\w[\w.-]*:)\s*\S.*\n\s*(?:[-+@]{1,3}|\w[\w.-]*:)(?:\s|$)  # diff, YAML
    | [{}<>\[\]|\\^~$#=;]                   # operators and brackets of code and markup
    | \w\(|\)\.                             # calls
    | ://|\w/\w|(?:^|\s)[./~]\S*/           # addresses and paths
    | \w_\w|(?:^|\s)--?[A-Za-z]             # snake_case, flags
    | [a-z][A-Z]                            # camelCase
    | \w\.[A-Za-z]\w                        # file names, attributes
    | ^(?>.*?\b(?:SELECT|INSERT|UPDATE|DELETE)\b).+\b(?:FROM|INTO|SET|WHERE)\b  # SQL
    """,
    re.VERBOSE | re.MULTILINE,
)
_SPACES = re.compile(r"\s+")


def normalised(text: str) -> str:
    """`text` with case folded, whitespace runs collapsed and Unicode composed, if it is prose.

    Text with any sign of code comes back as it was written, and so does a text beyond what the
    guard reads: it would let no other spelling of it pass.
    """
    if len(text) > LONGEST_TEXT or _CODE.search(text):
        return text
    return _bare(text)


def is_respelt(one: str, other: str) -> bool:
    """Whether two texts differ, and in case, spacing or Unicode composition only; code as well."""
    return one != other and _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip().casefold()
