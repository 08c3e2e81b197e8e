"""The questions of `make bench` by subject, one module each with a `measured()`."""
