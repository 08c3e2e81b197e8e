"""One text taken apart: its tokens, quantities, code, material and language. Compares nothing."""
