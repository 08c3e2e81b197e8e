"""Legacy text completions: a prompt in, a text out, matched exactly or not at all."""
