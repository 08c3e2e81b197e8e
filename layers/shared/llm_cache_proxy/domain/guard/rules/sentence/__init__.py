"""Rules about what a sentence does: what it asks, of whom, in which direction."""
