"""Ground floor: database, unit of work, outbox, chain, clocks. No noun of any domain."""
