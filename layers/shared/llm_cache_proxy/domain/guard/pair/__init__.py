"""Two texts side by side: which words have no counterpart, and what changed places."""
