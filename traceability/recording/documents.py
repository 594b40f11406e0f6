"""Event documents as they are kept: deflated, with the words that most of them share."""

from __future__ import annotations

import zlib

# A stored document names no dictionary, so this text never changes; another needs another table.
SHARED_WORDS = (
    b'"correctiveEventIDs":["errorDeclaration":{"declarationTime":"reason":"incorrect_data"'
    b'"transformationID":"inputEPCList":["outputEPCList":["inputQuantityList":[{"epcClass":'
    b'"outputQuantityList":[{"epcClass":"childEPCs":["childQuantityList":[{"parentID":"ilmd":{'
    b'"sourceList":[{"type":"owning_party","source":"destinationList":[{"type":'
    b'"possessing_party","destination":"urn:epc:id:pgln:urn:epc:id:gdti:urn:epc:id:sscc:'
    b'"bizTransactionList":[{"type":"po","type":"desadv","bizTransaction":"urn:epcglobal:cbv:bt:'
    b'"quantityList":[{"epcClass":"urn:epc:class:lgtin:https://id.gs1.org/01/'
    b'https://id.gs1.org/414/"quantity":"uom":"KGM"}],"disposition":"in_progress"'
    b'"in_transit""bizStep":"commissioning""shipping""receiving","action":"OBSERVE""ADD"'
    b'"readPoint":{"id":"urn:epc:id:sgln:"},"bizLocation":{"id":"urn:epc:id:sgln:"},"epcList":['
    b'"urn:epc:id:sgtin:","recordTime":"eventTimeZoneOffset":"+08:00","eventTime":"202'
    b'"eventID":"urn:uuid:ni:///sha-256;?ver=CBV2.0","type":"TransformationEvent"'
    b'"AggregationEvent""TransactionEvent""AssociationEvent""type":"ObjectEvent",'
    b'"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],'
)


def deflate(document: bytes) -> bytes:
    """A document, small: level 1, for a document of 700 bytes gains little from more."""
    packer = zlib.compressobj(1, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, SHARED_WORDS)
    return packer.compress(document) + packer.flush()


def inflate(content: bytes) -> bytes:
    """A stored document as it came."""
    return zlib.decompressobj(-15, SHARED_WORDS).decompress(content)
