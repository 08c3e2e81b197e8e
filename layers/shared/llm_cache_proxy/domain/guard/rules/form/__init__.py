"""Rules about how a text is written: letters, signs, code, quotations, hidden marks."""
