"""What stands between the words of two texts."""
