"""Which words of two texts answer to one another."""
