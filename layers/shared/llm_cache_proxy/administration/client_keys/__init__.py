"""Client keys as an operator sees them: made, changed, revoked, moved."""
