"""What events become: the table of meanings, case by case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.told_events import (
    GTIN,
    HOUR,
    bin_,
    commission,
    event,
    gln,
    item,
    kind_of,
    make,
    pack,
    pallet,
    party,
    place,
    receive,
    recorded,
    ship,
    thing,
)
from traceability.maths.epcis.deriving import derive
from traceability.maths.epcis.event import EventType, Identifier, IdentifierKind
from traceability.maths.epcis.statements import UNTOLD, GoodsKind, Statements
from traceability.maths.ledger import EventKind, Inputs


def moved(found: Statements) -> list[tuple[Any, ...]]:
    return [
        (m.kind.value, m.goods.number, m.source, m.target, m.quantity and str(m.quantity), m.unit)
        for m in found.movements
    ]


def used(found: Statements) -> list[tuple[str, str, str | None, int, int]]:
    return [
        (c.input.number, c.output.number, None if c.quantity is None else str(c.quantity),
         c.lo // HOUR, c.hi // HOUR)
        for c in found.consumptions
    ]  # fmt: skip


def spans(found: Statements) -> list[tuple[str, str, str | None, int | None, int | None]]:
    def hour(instant: int | None) -> int | None:
        return None if instant is None else instant // HOUR

    return [
        (each.parent[-2:], each.child.rsplit("/", 1)[-1],
         None if each.quantity is None else str(each.quantity), hour(each.lo), hour(each.hi))
        for each in found.inside
    ]  # fmt: skip


A, B, C = gln("A"), gln("B"), gln("C")


class TestTransformation:
    def test_every_input_goes_into_every_output(self):
        found = derive(recorded(make([("X", 60), ("Y", 40)], [("P", 50), ("Q", 50)], "A", at=1)))

        assert [(i, o) for i, o, *_ in used(found)] == [
            ("X", "P"), ("X", "Q"), ("Y", "P"), ("Y", "Q"),
        ]  # fmt: skip
        assert [m.inputs for m in found.movements] == [Inputs.TOLD, Inputs.TOLD]

    def test_events_of_one_transformation_id_are_one_process(self):
        found = derive(
            recorded(
                make([("X", 10)], [], "A", at=1, process="T1"),
                make([("Y", 5)], [], "A", at=3, process="T1"),
                make([], [("P", 8)], "A", at=2, process="T1"),
                make([], [("Q", 7)], "A", at=4, process="T1"),
            )
        )

        # Y went in at 3: after P had come out at 2.
        assert used(found) == [
            ("X", "P", "5.333333333", 1, 2),
            ("X", "Q", "4.666666667", 1, 4),
            ("Y", "Q", "5", 3, 4),
        ]

    def test_events_without_a_transformation_id_are_processes_of_their_own(self):
        one = make([("X", 1)], [("P", 1)], "A", at=1)
        other = make([("Y", 1)], [("Q", 1)], "A", at=1)

        found = derive(recorded(one, other))

        assert {(i, o) for i, o, *_ in used(found)} == {("X", "P"), ("Y", "Q")}

    def test_outputs_alone_are_a_production_whose_inputs_are_untold(self):
        found = derive(recorded(make([], [("P", 8)], "A", at=1)))

        assert [m.inputs for m in found.movements] == [Inputs.UNTOLD]
        assert not found.consumptions

    def test_inputs_alone_go_into_a_stand_in(self):
        found = derive(recorded(make([("X", 8)], [], "A", at=1, process="T1")))

        (use,) = found.consumptions
        assert use.output.kind is GoodsKind.OUTPUT
        assert use.quantity == 8
        assert found.movements[0].quantity is None

    def test_rework_of_a_lot_into_itself_is_a_loop(self):
        found = derive(recorded(make([("X", 8)], [("X", 8)], "A", at=1)))

        assert used(found) == [("X", "X", "8", 1, 1)]

    def test_an_input_not_told_in_amount_has_no_shares(self):
        found = derive(recorded(make([("X", None)], [("P", 1), ("Q", 1)], "A", at=1)))

        assert [q for _, _, q, *_ in used(found)] == [None, None]

    def test_an_output_in_another_dimension_takes_no_share(self):
        found = derive(recorded(make([("X", 100, "KGM")], [("P", 90, "KGM"), ("Q", 5)], "A", at=1)))

        assert used(found) == [("X", "P", "100", 1, 1), ("X", "Q", "0", 1, 1)]


class TestPacking:
    def test_what_is_inside_moves_with_the_container(self):
        found = derive(
            recorded(
                pack(pallet("P1"), [("L", 10)], at=1),
                ship(pallet("P1"), None, "A", "B", at=2),
            )
        )

        assert moved(found) == [("shipment", "L", A, B, "10", "C62")]

    def test_containers_are_opened_to_the_bottom(self):
        found = derive(
            recorded(
                pack(pallet("C1"), [("L", 10)], at=1),
                pack(pallet("C2"), [("L", 5), ("M", 2)], at=1),
                pack(pallet("P1"), [(pallet("C1"),), (pallet("C2"),)], at=2),
                receive(pallet("P1"), None, "A", "B", at=3),
            )
        )

        assert moved(found) == [
            ("receipt", "L", A, B, "15", "C62"),
            ("receipt", "M", A, B, "2", "C62"),
        ]

    def test_what_was_taken_out_does_not_move(self):
        found = derive(
            recorded(
                pack(pallet("P1"), [("L", 10)], at=1),
                pack(pallet("P1"), [("L", 4)], at=2, action="DELETE"),
                ship(pallet("P1"), None, "A", "B", at=3),
                pack(pallet("P1"), [("L", 6)], at=4, action="DELETE"),
                ship(pallet("P1"), None, "B", "C", at=5),
            )
        )

        assert moved(found) == [("shipment", "L", A, B, "6", "C62")]
        assert spans(found) == [("P1", "L", "10", 1, 2), ("P1", "L", "6", 2, 4)]

    def test_delete_without_children_takes_out_everything(self):
        found = derive(
            recorded(
                pack(pallet("P1"), [("L", 10), (thing("7"),)], at=1),
                pack(pallet("P1"), [], at=2, action="DELETE"),
            )
        )

        assert spans(found) == [("P1", "L", "10", 1, 2), ("P1", "7", "1", 1, 2)]

    def test_delete_without_add_leaves_the_start_open(self):
        found = derive(
            recorded(
                ship(pallet("P1"), None, "A", "B", at=1),
                pack(pallet("P1"), [("L", 10)], at=2, action="DELETE"),
            )
        )

        assert spans(found) == [("P1", "L", "10", None, 2)]
        assert moved(found) == [("shipment", "L", A, B, "10", "C62")]

    def test_a_second_add_elsewhere_closes_the_earlier(self):
        found = derive(
            recorded(
                pack(pallet("P1"), [(thing("7"),)], at=1),
                pack(pallet("P2"), [(thing("7"),)], at=3),
            )
        )

        assert spans(found) == [("P1", "7", "1", 1, 3), ("P2", "7", "1", 3, None)]

    def test_what_one_event_lists_twice_is_one_thing_or_one_sum(self):
        twice = [(thing("7"),), (thing("7"),), ("L", 4), ("L", 6)]

        found = derive(recorded(pack(pallet("P1"), twice, at=1, action="DELETE")))

        assert spans(found) == [("P1", "L", "10", None, 1), ("P1", "7", "1", None, 1)]

    def test_a_lot_may_lie_in_many_containers_at_once(self):
        found = derive(
            recorded(pack(pallet("P1"), [("L", 6)], at=1), pack(pallet("P2"), [("L", 4)], at=2))
        )

        assert spans(found) == [("P1", "L", "6", 1, None), ("P2", "L", "4", 2, None)]

    def test_the_interval_ends_at_the_instant_of_unpacking(self):
        found = derive(
            recorded(
                pack(pallet("P1"), [("L", 10)], at=1),
                pack(pallet("P1"), [("L", 10)], at=3, action="DELETE"),
                ship(pallet("P1"), None, "A", "B", at=3),
            )
        )

        assert moved(found) == []

    def test_packing_alone_moves_nothing(self):
        assert moved(derive(recorded(pack(pallet("P1"), [("L", 10)], at=1, step="packing")))) == []

    def test_a_container_inside_itself_is_opened_once(self):
        found = derive(
            recorded(
                pack(pallet("P1"), [(pallet("P2"),), ("L", 1)], at=1),
                pack(pallet("P2"), [(pallet("P1"),)], at=1),
                ship(pallet("P2"), None, "A", "B", at=2),
            )
        )

        assert moved(found) == [("shipment", "L", A, B, "1", "C62")]

    def test_a_thing_named_beside_its_container_counts_once(self):
        both = ship(pallet("P1"), None, "A", "B", at=2)
        items = (*both.items, item(thing("7")))
        both = event(
            EventType.OBJECT, at=2, items=items, step="shipping",
            sources=both.sources, destinations=both.destinations,
        )  # fmt: skip

        found = derive(recorded(pack(pallet("P1"), [(thing("7"),)], at=1), both))

        assert moved(found) == [("shipment", "(21)7", A, B, "1", "C62")]

    def test_a_container_named_beside_what_holds_it_is_opened_once(self):
        first = ship(pallet("P1"), None, "A", "B", at=3)
        told = replace(first, items=(item(pallet("C1")), *first.items))

        found = derive(
            recorded(
                pack(pallet("C1"), [("L", 10)], at=1),
                pack(pallet("P1"), [(pallet("C1"),), ("L", 5)], at=2),
                told,
            )
        )

        assert moved(found) == [("shipment", "L", A, B, "15", "C62")]

    @pytest.mark.parametrize(
        ("action", "step"), [("ADD", "commissioning"), ("DELETE", "decommissioning")]
    )
    def test_a_label_given_or_given_up_makes_and_ends_no_goods(self, action, step):
        label = event(
            EventType.OBJECT, at=1, items=[item(pallet("P1"))], action=action, step=step,
            here=place("A"),
        )  # fmt: skip

        assert moved(derive(recorded(pack(pallet("P1"), [("L", 10)], at=1), label))) == []

    def test_goods_move_with_an_asset_only_on_wish(self):
        events = recorded(
            pack(bin_("1"), [(thing("7"),)], at=1, kind=EventType.ASSOCIATION),
            ship(bin_("1"), None, "A", "B", at=2),
        )

        assert moved(derive(events)) == []
        assert moved(derive(events, assets=True)) == [("shipment", "(21)7", A, B, "1", "C62")]
        assert [each.is_asset for each in derive(events).inside] == [True]


class TestSteps:
    @pytest.mark.parametrize(
        ("step", "action", "kind"),
        [
            ("shipping", "OBSERVE", EventKind.SHIPMENT),
            ("departing", "OBSERVE", EventKind.SHIPMENT),
            ("receiving", "OBSERVE", EventKind.RECEIPT),
            ("arriving", "OBSERVE", EventKind.RECEIPT),
            ("returning", "OBSERVE", EventKind.RETURN),
        ],
    )
    def test_steps_between_holders(self, step, action, kind):
        (movement,) = derive(
            recorded(ship("L", 5, "A", "B", at=1, step=step, action=action))
        ).movements

        assert (movement.kind, movement.source, movement.target) == (kind, A, B)

    @pytest.mark.parametrize(
        ("step", "action", "kind"),
        [
            ("commissioning", "ADD", EventKind.PRODUCTION),
            (None, "ADD", EventKind.PRODUCTION),
            ("retail_selling", "DELETE", EventKind.SALE),
            ("retail_selling", "OBSERVE", EventKind.SALE),
            ("destroying", "DELETE", EventKind.DESTRUCTION),
            ("decommissioning", "DELETE", EventKind.DESTRUCTION),
            (None, "DELETE", EventKind.DESTRUCTION),
            ("stock_taking", "OBSERVE", EventKind.STOCK),
            ("cycle_counting", "OBSERVE", EventKind.STOCK),
        ],
    )
    def test_steps_at_one_holder(self, step, action, kind):
        told = event(
            EventType.OBJECT, at=1, items=[item("L", 5)], action=action, step=step, here=place("A")
        )

        (movement,) = derive(recorded(told)).movements

        assert (movement.kind, movement.source, movement.target) == (kind, A, None)

    @pytest.mark.parametrize("step", ["storing", "inspecting", "loading", "accepting", None])
    def test_a_sighting_makes_no_edge(self, step):
        assert moved(derive(recorded(ship("L", 5, "A", "B", at=1, step=step)))) == []

    def test_papers_move_nothing(self):
        told = event(
            EventType.TRANSACTION, at=1, items=[item("L", 5)], step="shipping", here=place("A")
        )

        assert moved(derive(recorded(told))) == []

    def test_a_shipment_of_returned_goods_is_a_return(self):
        (movement,) = derive(
            recorded(ship("L", 5, "B", "A", at=1, disposition="returned"))
        ).movements

        assert movement.kind is EventKind.RETURN

    def test_a_count_that_counts_nothing_is_a_sighting(self):
        told = event(
            EventType.OBJECT, at=1, items=[item("L")], step="stock_taking", here=place("A")
        )

        assert moved(derive(recorded(told))) == []

    def test_a_harvest_has_no_inputs(self):
        told = commission("L", 5, "A", at=1, ilmd={"cbvmda:harvestEndDate": "2026-01-01"})

        assert [m.inputs for m in derive(recorded(told)).movements] == [Inputs.NONE]

    def test_a_quantity_not_told_is_unknown(self):
        assert moved(derive(recorded(ship("L", None, "A", "B", at=1)))) == [
            ("shipment", "L", A, B, None, "C62")
        ]

    def test_a_unit_nobody_can_add_up_is_an_amount_unknown(self):
        assert moved(derive(recorded(ship("L", 5, "A", "B", at=1, unit="XXX")))) == [
            ("shipment", "L", A, B, None, "C62")
        ]

    def test_the_despatch_advice_is_the_paper(self):
        papers = [("po", "P-1"), ("desadv", "urn:epcglobal:cbv:bt:6901234567892:DN-7")]

        (movement,) = derive(recorded(ship("L", 5, "A", "B", at=1, papers=papers))).movements

        assert movement.document == "DN-7"


class TestIdentity:
    def test_a_thing_whose_lot_is_told_is_of_that_lot(self):
        found = derive(
            recorded(
                ship(thing("7"), None, "A", "B", at=2),
                commission(thing("7"), None, "A", at=1, ilmd={"cbvmda:lotNumber": "L"}),
            )
        )

        assert moved(found) == [
            ("production", "L", A, None, "1", "C62"),
            ("shipment", "L", A, B, "1", "C62"),
        ]

    def test_a_thing_whose_lot_nobody_told_stands_for_itself(self):
        (movement,) = derive(recorded(ship(thing("7"), None, "A", "B", at=1))).movements

        assert movement.goods.kind is GoodsKind.INSTANCE

    def test_things_of_one_lot_are_counted_together(self):
        things = [
            Identifier(f"https://id.gs1.org/01/{GTIN}/10/L/21/{n}", IdentifierKind.INSTANCE, "",
                       GTIN, "L", str(n))
            for n in range(3)
        ]  # fmt: skip
        told = event(
            EventType.OBJECT, at=1, items=[item(each) for each in things], step="destroying",
            here=place("A"),
        )  # fmt: skip

        assert moved(derive(recorded(told))) == [("destruction", "L", A, None, "3", "C62")]

    def test_a_class_without_lot_is_never_merged_across_facilities(self):
        found = derive(
            recorded(
                *(
                    event(EventType.OBJECT, at=1, items=[item(kind_of(), 5)], step="destroying",
                          here=place(name))
                    for name in "AB"
                )
            )
        )  # fmt: skip

        assert len({m.goods for m in found.movements}) == 2
        assert {m.goods.kind for m in found.movements} == {GoodsKind.BUCKET}

    def test_a_class_made_with_a_lot_number_is_that_lot(self):
        (movement,) = derive(
            recorded(commission(kind_of(), 5, "A", at=1, ilmd={"cbvmda:lotNumber": "L"}))
        ).movements

        assert movement.goods.number == "L"

    def test_a_container_is_no_lot(self):
        assert moved(derive(recorded(ship(pallet("P1"), None, "A", "B", at=1)))) == []

    def test_identifiers_of_other_schemes_stand_for_themselves(self):
        other = Identifier("MA.156.M07000.1", IdentifierKind.OPAQUE, "MA.156.M07000.1")

        (movement,) = derive(recorded(ship(other, None, "A", "B", at=1))).movements

        assert (movement.goods.kind, movement.goods.number) == (GoodsKind.OPAQUE, other.key)


class TestParties:
    def test_the_possessor_holds_and_the_owner_is_kept_beside(self):
        told = event(
            EventType.OBJECT, at=1, items=[item("L", 5)], step="shipping",
            read_point=place("D", "dock1"),
            sources=[("owning_party", party("O")), ("possessing_party", party("A"))],
            destinations=[("owning_party", party("B"))],
        )  # fmt: skip

        (movement,) = derive(recorded(told)).movements

        assert (movement.source, movement.target, movement.owner) == (A, B, gln("O"))
        assert movement.place == place("D", "dock1").key

    def test_an_owner_who_holds_is_not_told_twice(self):
        told = event(
            EventType.OBJECT, at=1, items=[item("L", 5)], step="shipping",
            sources=[("owning_party", party("A"))], destinations=[("owning_party", party("B"))],
        )  # fmt: skip

        assert derive(recorded(told)).movements[0].owner is None

    def test_a_side_nobody_names_is_untold(self):
        told = event(
            EventType.OBJECT, at=1, items=[item("L", 5)], step="shipping", read_point=place("A")
        )

        (movement,) = derive(recorded(told)).movements

        assert (movement.source, movement.target) == (A, UNTOLD)

    def test_a_place_is_held_by_the_party_that_other_events_name_for_it(self):
        found = derive(
            recorded(
                make([("X", 5)], [("P", 5)], "D", at=1),
                ship("P", 5, "A", "B", at=2, read_point=place("D")),
            )
        )

        assert {m.source for m in found.movements} == {A}
        assert {c.holder for c in found.consumptions} == {A}

    def test_docks_of_a_facility_are_one_holder(self):
        told = event(
            EventType.OBJECT, at=1, items=[item("L", 5)], step="shipping",
            read_point=place("A", "dock1"), destinations=[("location", place("A", "dock2"))],
        )  # fmt: skip

        assert moved(derive(recorded(told))) == []


class TestDeclarations:
    def wrong(self, **more: Any):
        return ship("L", 5, "A", "B", at=1, event_id="E1", **more)

    def test_an_event_declared_wrong_says_nothing(self):
        found = derive(recorded(self.wrong(), self.wrong(declares=())))

        assert moved(found) == []

    def test_the_declaration_may_come_first(self):
        assert moved(derive(recorded(self.wrong(declares=()), self.wrong()))) == []

    def test_before_the_declaration_was_known_the_event_stood(self):
        events = recorded(self.wrong(), self.wrong(declares=()))

        assert len(derive(events, as_of=1).movements) == 1
        assert derive(events, as_of=2).movements == ()

    def test_the_corrective_event_takes_its_place(self):
        found = derive(
            recorded(
                self.wrong(),
                self.wrong(declares=("E2",)),
                ship("L", 6, "A", "B", at=1, event_id="E2"),
            )
        )

        assert moved(found) == [("shipment", "L", A, B, "6", "C62")]
        assert found.awaited == ()

    def test_a_corrective_event_not_yet_there_is_awaited(self):
        found = derive(recorded(self.wrong(), self.wrong(declares=("E2",))))

        assert found.awaited == ("E2",)

    def test_a_declaration_of_an_event_never_seen_waits(self):
        found = derive(recorded(self.wrong(declares=())))

        assert found.pending == ("E1",)

    def test_of_two_events_under_one_id_the_one_repeated_is_wrong(self):
        other = ship("M", 5, "A", "B", at=1, event_id="E1")

        found = derive(recorded(self.wrong(), other, self.wrong(declares=())))

        assert moved(found) == [("shipment", "M", A, B, "5", "C62")]

    def test_two_events_under_one_id_both_stand_and_are_told(self):
        found = derive(recorded(self.wrong(), ship("M", 5, "A", "B", at=1, event_id="E1")))

        assert len(found.movements) == 2
        assert found.conflicts == ("E1",)

    def test_a_declared_unpacking_leaves_things_inside(self):
        out: dict[str, Any] = {"at": 2, "action": "DELETE", "event_id": "E1"}
        events = recorded(
            pack(pallet("P1"), [("L", 10)], at=1),
            pack(pallet("P1"), [], **out),
            ship(pallet("P1"), None, "A", "B", at=3),
            pack(pallet("P1"), [], declares=(), **out),
        )

        assert moved(derive(events, as_of=3)) == []
        assert moved(derive(events)) == [("shipment", "L", A, B, "10", "C62")]
