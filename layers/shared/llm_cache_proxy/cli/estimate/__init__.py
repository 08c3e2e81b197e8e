"""What this cache would have done with a log of requests."""
