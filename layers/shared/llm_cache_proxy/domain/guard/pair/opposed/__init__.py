"""What turns the meaning of a text into its opposite."""
