"""Words of the Core Business Vocabulary, bare as JSON-LD writes them and in their web form.

References
----------
GS1 Core Business Vocabulary 2.0, sections 7.1 (business steps), 7.2 (dispositions), 7.3 (business
transaction types), 7.4 (source and destination types), 7.5 (error reasons), 7.6 (sensor terms).
"""

from __future__ import annotations

from enum import StrEnum

CBV = "https://ref.gs1.org/cbv/"
VOC = "https://gs1.org/voc/"


class Term(StrEnum):
    """Kinds of words, by the beginning of their web form."""

    STEP = CBV + "BizStep-"
    DISPOSITION = CBV + "Disp-"
    TRANSACTION = CBV + "BTT-"
    PARTY = CBV + "SDT-"
    REASON = CBV + "ER-"
    COMPONENT = CBV + "Comp-"
    MEASURE = VOC


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STEPS = _words(
    "accepting arriving assembling collecting commissioning consigning creating_class_instance "
    "cycle_counting decommissioning departing destroying disassembling dispensing encoding "
    "entering_exiting holding inspecting installing killing loading other packing picking "
    "receiving removing repackaging repairing replacing reserving retail_selling sampling "
    "sensor_reporting shipping staging_outbound stock_taking stocking storing transporting "
    "unloading unpacking void_shipping"
)
DISPOSITIONS = _words(
    "active available completeness_inferred completeness_verified conformant container_closed "
    "container_open damaged destroyed dispensed disposed encoded expired in_progress in_transit "
    "inactive mismatch_class mismatch_instance mismatch_quantity needs_replacement "
    "no_pedigree_match non_conformant non_sellable_other partially_dispensed recalled reserved "
    "retail_sold returned sellable_accessible sellable_not_accessible stolen unavailable "
    "unknown"
)
TRANSACTIONS = _words(
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
)
PARTIES = frozenset({"owning_party", "possessing_party", "location"})
REASONS = frozenset({"did_not_occur", "incorrect_data"})
COMPONENTS = _words(
    "altitude axial_distance azimuth easting elevation_angle height latitude longitude northing "
    "polar_angle spherical_radius x y z"
)
WORDS: dict[Term, frozenset[str]] = {
    Term.STEP: STEPS,
    Term.DISPOSITION: DISPOSITIONS,
    Term.TRANSACTION: TRANSACTIONS,
    Term.PARTY: PARTIES,
    Term.REASON: REASONS,
    Term.COMPONENT: COMPONENTS,
}

# The older writing of the same words, and the web form that replaced it.
URNS = (
    ("urn:epcglobal:cbv:bizstep:", Term.STEP),
    ("urn:epcglobal:cbv:disp:", Term.DISPOSITION),
    ("urn:epcglobal:cbv:btt:", Term.TRANSACTION),
    ("urn:epcglobal:cbv:sdt:", Term.PARTY),
    ("urn:epcglobal:cbv:er:", Term.REASON),
)


def bare(term: Term, uri: str) -> str:
    """A word without its web form, where it has one; else as it is.

    Examples
    --------
    >>> bare(Term.STEP, "https://ref.gs1.org/cbv/BizStep-shipping")
    'shipping'
    """
    return uri[len(term) :] if uri.startswith(term) else uri
