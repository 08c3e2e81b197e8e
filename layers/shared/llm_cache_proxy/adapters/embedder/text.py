"""What can be said of a text without its tokenizer."""

import unicodedata


def encodable(text: str) -> str:
    """`text` with each lone surrogate replaced by U+FFFD; surrogate pairs become one character."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def most_word_pieces(text: str) -> int:
    """No fewer word pieces than MiniLM's tokenizer makes of `text`, [CLS] and [SEP] included.

    The tokenizer decomposes and lowers the text before it cuts it (BERT's normalisation), and
    a piece has at least one of the characters that are left, none of them a space.
    """
    spelled = unicodedata.normalize("NFD", text).lower()
    return sum(not character.isspace() for character in spelled) + 2
