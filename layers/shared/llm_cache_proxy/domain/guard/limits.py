"""How much of a text the guard reads."""

LONGEST_TEXT = 8_000
"""Characters beyond which two texts are only compared for equality, so that cost stays bounded."""
