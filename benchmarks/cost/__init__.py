"""What a stack and a request cost, and what a hit saves."""
