"""Which events must be read again when others came, and which are needed to read them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import text

from traceability.maths.epcis.naming import lot_in
from traceability.queries.told import EventReader

_PACKING = "('AggregationEvent', 'AssociationEvent')"
_HOPS = "('shipping', 'departing', 'returning', 'receiving', 'arriving')"
_AMOUNTS = "('lot', 'class')"

# One step after another, each by index: a plan for the whole would rest on the statistics of
# tables that grow in this very transaction.
_DECLARATIONS = text(
    "SELECT given_id, hash FROM epcis_declaration WHERE event_id = ANY(CAST(:ids AS bigint[]))"
)
_DECLARED_HASHES = text(
    "SELECT d.given_id FROM epcis_declaration d WHERE d.hash = ANY(ARRAY("
    " SELECT hash FROM epcis_event WHERE id = ANY(CAST(:ids AS bigint[]))))"
)
_MEANT = text(
    """
    SELECT id FROM epcis_event
    WHERE declaration_hash = '' AND hash = ANY(CAST(:hashes AS bytea[]))
    UNION SELECT id FROM epcis_event
    WHERE declaration_hash = '' AND event_id = ANY(CAST(:names AS text[]))
    UNION SELECT event_id FROM epcis_alias WHERE alias = ANY(CAST(:names AS text[]))
    """
)
# An alias may come after the declaration that names it, and brings no event of its own.
_LOOSE = text(
    "SELECT d.given_id FROM epcis_declaration d WHERE d.event_id <= :last AND NOT EXISTS ("
    " SELECT FROM epcis_event o WHERE o.hash = d.hash AND o.declaration_hash = '')"
)
_ALIASED = text("SELECT event_id FROM epcis_alias WHERE alias = ANY(CAST(:names AS text[]))")
_PROCESSES = text(
    "SELECT DISTINCT transformation_id FROM epcis_event"
    " WHERE id = ANY(CAST(:ids AS bigint[])) AND transformation_id IS NOT NULL"
)
_OF_PROCESSES = text(
    "SELECT id FROM epcis_event WHERE transformation_id = ANY(CAST(:names AS text[]))"
)
_MAKINGS = text(
    "SELECT id FROM epcis_event WHERE id = ANY(CAST(:ids AS bigint[]))"
    " AND (type = 'TransformationEvent' OR action = 'ADD' AND type = 'ObjectEvent')"
)
_THINGS = text(
    "SELECT DISTINCT i.identifier_id FROM epcis_item i"
    " JOIN epcis_identifier d ON d.id = i.identifier_id"
    " WHERE i.event_id = ANY(CAST(:ids AS bigint[])) AND i.role IN ('epc', 'output')"
    " AND d.kind = 'instance'"
)
_NAMING = text(
    "SELECT DISTINCT event_id FROM epcis_item WHERE identifier_id = ANY(CAST(:ids AS bigint[]))"
)
_PARENTS = text(
    f"""
    SELECT DISTINCT i.identifier_id FROM epcis_event e JOIN epcis_item i ON i.event_id = e.id
    WHERE e.id = ANY(CAST(:ids AS bigint[])) AND e.type IN {_PACKING} AND i.role = 'parent'
    """  # noqa: S608 - the parts put in are constants of this module
)
# Things that these events put in or take out; one that takes out all may mean any of its parent's.
_CHILDREN = text(
    f"""
    WITH packing AS (
        SELECT e.id, e.action = 'DELETE' AND NOT EXISTS (
            SELECT FROM epcis_item c WHERE c.event_id = e.id AND c.role = 'child') AS is_all
        FROM epcis_event e WHERE e.id = ANY(CAST(:ids AS bigint[])) AND e.type IN {_PACKING}
    ), meant AS (
        SELECT id FROM packing
        UNION
        SELECT o.event_id FROM packing p
        JOIN epcis_item i ON i.event_id = p.id AND i.role = 'parent'
        JOIN epcis_item o ON o.identifier_id = i.identifier_id AND o.role = 'parent'
        WHERE p.is_all
    )
    SELECT DISTINCT c.identifier_id FROM meant
    JOIN epcis_item c ON c.event_id = meant.id AND c.role = 'child'
    JOIN epcis_identifier d ON d.id = c.identifier_id AND d.kind NOT IN {_AMOUNTS}
    """  # noqa: S608 - the parts put in are constants of this module
)
_PARENTS_OF = text(
    "SELECT DISTINCT p.identifier_id FROM epcis_item c"
    " JOIN epcis_item p ON p.event_id = c.event_id AND p.role = 'parent'"
    " WHERE c.identifier_id = ANY(CAST(:ids AS bigint[])) AND c.role = 'child'"
)
_MOVING = text(
    f"""
    SELECT DISTINCT e.id FROM epcis_item i JOIN epcis_event e ON e.id = i.event_id
    WHERE i.identifier_id = ANY(CAST(:ids AS bigint[]))
      AND (e.type IN ('ObjectEvent', 'TransformationEvent')
           OR e.type = 'AggregationEvent' AND e.biz_step IN {_HOPS})
    """  # noqa: S608 - the parts put in are constants of this module
)
_AS_PARENT = text(
    "SELECT DISTINCT event_id FROM epcis_item"
    " WHERE identifier_id = ANY(CAST(:ids AS bigint[])) AND role = 'parent'"
)
_AS_CHILD = text(
    "SELECT DISTINCT event_id FROM epcis_item"
    " WHERE identifier_id = ANY(CAST(:ids AS bigint[])) AND role = 'child'"
)
_EMPTYING = text(
    "SELECT DISTINCT e.id FROM epcis_item i JOIN epcis_event e ON e.id = i.event_id"
    " WHERE i.identifier_id = ANY(CAST(:ids AS bigint[])) AND i.role = 'parent'"
    " AND e.action = 'DELETE' AND NOT EXISTS ("
    "  SELECT FROM epcis_item c WHERE c.event_id = e.id AND c.role = 'child')"
)
_BIRTHS = text(
    "SELECT i.identifier_id, e.id FROM epcis_item i JOIN epcis_event e ON e.id = i.event_id"
    " WHERE i.identifier_id = ANY(CAST(:ids AS bigint[])) AND i.role IN ('epc', 'output')"
    " AND (e.type = 'TransformationEvent' OR e.type = 'ObjectEvent' AND e.action = 'ADD')"
    " AND e.id <= :last ORDER BY e.event_time, e.hash"
)
_AT_PLACES = text(
    """
    WITH places AS (
        SELECT d.id FROM unnest(CAST(:keys AS text[])) AS given (key)
        JOIN epcis_identifier d ON d.key COLLATE "C" = given.key
        UNION SELECT d.id FROM unnest(CAST(:stems AS text[])) AS given (stem)
        JOIN epcis_identifier d  -- 0 follows / in ASCII
          ON d.key COLLATE "C" >= given.stem || '/' AND d.key COLLATE "C" < given.stem || '0'
    )
    SELECT e.id FROM epcis_event e JOIN places ON e.read_point_id = places.id
    UNION SELECT e.id FROM epcis_event e JOIN places ON e.biz_location_id = places.id
    UNION SELECT p.event_id FROM epcis_party p JOIN places ON p.identifier_id = places.id
    WHERE p.type = 'location'
    """
)


class Touched:
    """The events, containers and things that some new events touch.

    Attributes
    ----------
    changed : set of int
        The new events, and those whose standing may have changed with them.
    again : set of int
        Events whose statements must be read again; ``changed`` among them.
    parents : set of int
        Identifiers of containers whose contents must be read again.
    """

    def __init__(self, reader: EventReader, new: Iterable[int]) -> None:
        self.reader = reader
        self.changed = self._known(new)
        self.changed |= self._declared()
        self.again = set(self.changed)
        things = self._named_by_lot()
        self.again |= self._ids(_NAMING, things)
        self.parents = self._packing(things)
        self.close()

    def add(self, more: Iterable[int]) -> None:
        """More events to read again."""
        self.again |= self._known(more)
        self.close()

    def close(self) -> None:
        """A process is read whole."""
        names = sorted(row[0] for row in self.reader.rows(_PROCESSES, ids=self.again))
        if names:
            found = self.reader.rows(_OF_PROCESSES, names=names)
            self.again |= self._known(row[0] for row in found)

    def _declared(self) -> set[int]:
        """Events that are wrong now or right again: a declaration makes others wrong, and an event
        may turn out to be the one that a declaration meant."""
        rows = self.reader.rows(_DECLARATIONS, ids=self.changed)
        names = {row.given_id for row in rows}
        names |= {row[0] for row in self.reader.rows(_DECLARED_HASHES, ids=self.changed)}
        meant: set[int] = set()
        if names:
            hashes = sorted({bytes(row.hash) for row in rows})
            found = self.reader.rows(_MEANT, hashes=hashes, names=sorted(names))
            meant |= self._known(row[0] for row in found)
        loose = sorted({row[0] for row in self.reader.rows(_LOOSE, last=self.reader.last)})
        if loose:
            meant |= self._known(row[0] for row in self.reader.rows(_ALIASED, names=loose))
        return meant

    def _known(self, ids: Iterable[int]) -> set[int]:
        return {each for each in ids if each <= self.reader.last}

    def _ids(self, statement: object, ids: set[int]) -> set[int]:
        """Numbers of events a statement finds, as far as they count."""
        return self._known(row[0] for row in self.reader.rows(statement, ids=ids)) if ids else set()

    def _some(self, statement: object, ids: set[int]) -> set[int]:
        return {row[0] for row in self.reader.rows(statement, ids=ids)} if ids else set()

    def _named_by_lot(self) -> set[int]:
        """Things that the changed events give a lot number."""
        makings = self._ids(_MAKINGS, self.changed)
        naming = {
            each
            for each, document in self.reader.documents(makings).items()
            if b"lotNumber" in document
        }
        return self._some(_THINGS, naming)

    def _packing(self, things: set[int]) -> set[int]:
        """Containers whose contents changed; their movements, and those of what holds them."""
        children = self._some(_CHILDREN, self.changed) | things
        parents = self._some(_PARENTS, self.changed) | self._some(_PARENTS_OF, children)
        moved, higher = set(parents), parents
        while higher:
            higher = self._some(_PARENTS_OF, higher) - moved
            moved |= higher
        self.again |= self._ids(_MOVING, moved)
        return parents

    def context(self) -> set[int]:
        """Packing events that tell what was inside all that is read again."""
        found: set[int] = set()
        seen: set[int] = set()
        frontier = set(self.parents)
        items = "SELECT DISTINCT i.identifier_id FROM epcis_item i JOIN epcis_identifier d"
        frontier |= self._some(
            text(
                f"{items} ON d.id = i.identifier_id AND d.kind NOT IN {_AMOUNTS}"
                " WHERE i.event_id = ANY(CAST(:ids AS bigint[]))"
            ),
            self.again,
        )
        while frontier:
            seen |= frontier
            own = self._ids(_AS_PARENT, frontier)
            children = self._some(_CHILDREN, own)
            others = self._ids(_AS_CHILD, children)
            emptying = self._ids(_EMPTYING, self._some(_PARENTS, others))
            found |= own | others | emptying
            frontier = children - seen
        return found


def lots_of_things(reader: EventReader, things: set[int]) -> dict[str, str]:
    """Key of each thing → the lot that the first standing event to make it names."""
    if not things:
        return {}
    rows = reader.rows(_BIRTHS, ids=things, last=reader.last)
    births = {row[1] for row in rows}
    wrong = reader.wrong(births)
    lots = {
        event_id: lot_in(document)
        for event_id, document in reader.documents(births - wrong).items()
        if b"lotNumber" in document
    }
    found: dict[str, str] = {}
    for number, event_id in rows:
        lot = lots.get(event_id)
        if lot is not None:
            found.setdefault(reader.identifiers[number].key, lot)
    return found


def events_at(reader: EventReader, holders: Iterable[str]) -> set[int]:
    """Events at the places of some holders (see `maths.epcis.naming.holder_key`)."""
    wanted = sorted(set(holders))
    if not wanted:
        return set()
    glns = [each for each in wanted if each.isdigit() and len(each) == 13]
    stems = [f"https://id.gs1.org/414/{gln}" for gln in glns]
    rows = reader.rows(
        _AT_PLACES,
        keys=[*(each for each in wanted if each not in glns), *stems],
        stems=stems,
    )
    return {row[0] for row in rows if row[0] <= reader.last}
