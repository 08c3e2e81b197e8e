"""What the pipeline needs from the outside: small protocols, and what failure means for each."""
