"""Nouns that every domain shares: enterprises, products, people, regions, rule packs."""
