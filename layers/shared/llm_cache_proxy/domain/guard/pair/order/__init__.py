"""Where the words of two texts stand."""
