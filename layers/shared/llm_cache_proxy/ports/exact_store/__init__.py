"""What the exact tier's store offers, one Protocol for each user."""
