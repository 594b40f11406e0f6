"""Random supervision: plans, verifiable draws, inspector assignment, results."""
