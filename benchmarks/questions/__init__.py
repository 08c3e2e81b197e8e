"""The questions of `make bench`, one module each with a `measured()`."""
