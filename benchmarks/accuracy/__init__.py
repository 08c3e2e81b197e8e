"""How often the guard, the judge and the learned thresholds are right."""
