"""Use cases of risk: observing, detecting, deciding."""
