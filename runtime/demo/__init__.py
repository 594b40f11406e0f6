"""The invented city: fixed seed, one planted story."""
