"""How ledger rows become facts: cells, parties, goods, and the journal they are added to."""
