"""EPCIS 2.0 documents: reading, checking, hashing and writing, without a database."""
