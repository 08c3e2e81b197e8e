"""The word lists of the guard, and what reads them."""
