"""Rules about what the words mean: amounts, names, negation, opposites, additions."""
