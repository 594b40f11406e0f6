"""Pages of sampling records: list, one, field form, paper, check."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session

from core.actors import Role
from sampling.queries.records import record_by_no, record_edition
from sampling.service import record_signing, records
from tests import factories
from tests.console.doors import sign_in
from tests.sampling_records import FILLED, JPEG, Field, out
from tests.services.sampling.conftest import at, city

__all__ = ["at", "city", "out", "sign_in"]


@pytest.fixture
def door(
    session: Session,
    client: Any,
    out: Field,
    sign_in: Callable[..., None],
) -> Any:
    """A client signed in as the leading sampler."""
    sign_in(client, Role.INSPECTOR, person_id=out.first.person_id)
    return client


def form_of(out: Field) -> dict[str, Any]:
    view = record_edition(out.session, out.no)
    return {"version": str(view.version), **FILLED}


def test_the_list_shows_and_exports_records_without_personal_data(
    door: Any,
    out: Field,
) -> None:
    out.sealed()
    out.session.commit()

    page = door.get("/console/records?q=充电器")
    file = door.get("/console/records.csv")

    assert out.no in page.text
    assert "F-0001" not in page.text
    assert out.no in file.text
    for secret in ("某联系人", "0990-555-0101"):
        assert secret not in page.text
        assert secret not in file.text


def test_a_record_begins_at_a_task_and_opens_in_the_field(
    door: Any,
    out: Field,
) -> None:
    address = f"/console/records/new?plan_no={out.plan_no}&code={out.code}"
    assert out.no in door.get(address).text

    answer = door.post(
        "/console/records/new",
        data={
            "plan_no": out.plan_no,
            "code": out.code,
            "channel": "shop",
            "purpose": "supervision",
        },
    )

    assert answer.status_code == 303
    assert answer.location.startswith("/field/records/CY-2023-0002")


def test_a_record_outside_a_draw_needs_its_reason(door: Any, out: Field) -> None:
    answer = door.post("/console/records/new", data={"channel": "shop", "purpose": "monitoring"})

    assert answer.status_code == 422
    assert "standalone_reason" in answer.text


def test_the_plain_form_saves_and_says_what_cannot_be_read(
    door: Any,
    out: Field,
) -> None:
    address = f"/field/records/{out.no}"
    sent = {
        **form_of(out),
        "samples.0.kind": "test",
        "samples.0.quantity": "4",
        "samples.0.seal_no": "F1",
    }

    assert door.post(address, data={**sent, "unit_price": "cheap"}).status_code == 422
    answer = door.post(address, data=sent)

    assert answer.status_code == 303
    view = record_edition(out.session, out.no)
    assert view.values["product_name"] == "USB充电器"
    assert [each.no for each in view.samples] == ["CY-2023-0001-J1"]
    assert "USB充电器" in door.get(address).text


def test_of_two_samplers_editing_the_second_sees_the_difference(
    door: Any,
    out: Field,
) -> None:
    sent = form_of(out)
    records.save(out.session, out.second, out.no, values={"brand": "雪松"})
    out.session.commit()

    answer = door.post(f"/field/records/{out.no}", data=sent)

    assert answer.status_code == 412
    assert "雪松" in answer.text
    assert record_edition(out.session, out.no).values["brand"] == "雪松"


def test_saving_by_script_keeps_what_can_be_read_and_returns_the_rest(
    door: Any,
    out: Field,
) -> None:
    version = record_edition(out.session, out.no).version
    body = {"version": version, "values": {"brand": "云杉", "made_on": "2023-9"}}

    answer = door.put(f"/field/records/{out.no}/draft.json", json=body)
    stale = door.put(f"/field/records/{out.no}/draft.json", json=body)

    assert answer.status_code == 200
    assert [each["field"] for each in answer.json["refused"]] == ["made_on"]
    assert answer.json["values"]["brand"] == "云杉"
    assert stale.status_code == 412
    assert stale.json["values"]["brand"] == "云杉"


@pytest.mark.parametrize("body", ["", "[]", '{"values": 3}', "{"])
def test_broken_json_is_refused(door: Any, out: Field, body: str) -> None:
    answer = door.put(
        f"/field/records/{out.no}/draft.json", data=body, content_type="application/json"
    )

    assert answer.status_code == 400


def test_the_form_of_others_is_closed(
    session: Session,
    client: Any,
    out: Field,
    sign_in: Callable[..., None],
) -> None:
    sign_in(client, Role.INSPECTOR, person_id=out.stranger.person_id)

    assert client.get(f"/field/records/{out.no}").status_code == 403
    assert client.put(f"/field/records/{out.no}/draft.json", json={"values": {}}).status_code == 403


def test_signing_sealing_and_correcting_by_the_page(door: Any, out: Field) -> None:
    out.fill()
    record_signing.sign(out.session, out.second, out.no)
    out.session.commit()

    def act(step: str, **facts: str) -> int:
        out.session.expire_all()
        version = str(record_edition(out.session, out.no).version)
        answer = door.post(f"/console/records/{out.no}/{step}", data={"version": version, **facts})
        return int(answer.status_code)

    assert act("seal") == 409
    assert act("sign") == 303
    assert act("unit", refusal="不认可") == 422
    assert act("unit", name="某负责人") == 303
    assert act("seal") == 303
    assert record_by_no(out.session, out.no).state == "signed"
    assert door.get(f"/field/records/{out.no}").status_code == 302
    assert act("correct", reason="批号笔误") == 303
    assert "批号笔误" in door.get(f"/console/records/{out.no}").text
    assert door.post(f"/console/records/{out.no}/seal", data={"version": "4"}).status_code == 412


def test_samplers_of_a_record_outside_a_draw_are_named_on_its_page(door: Any, out: Field) -> None:
    begun = door.post(
        "/console/records/new",
        data={"channel": "shop", "purpose": "monitoring", "standalone_reason": "风险监测"},
    )
    no = begun.location.rpartition("/")[2]
    numbers = [one.number for one in record_edition(out.session, out.no).samplers]
    address = f"/console/records/{no}/samplers"

    assert door.post(address, data={"version": "1", "samplers": "NOBODY"}).status_code == 422
    answer = door.post(address, data={"version": "1", "samplers": "、".join(numbers)})
    drawn = door.post(
        f"/console/records/{out.no}/samplers",
        data={"version": form_of(out)["version"], "samplers": numbers[0]},
    )

    assert answer.status_code == 303
    assert [one.number for one in record_edition(out.session, no).samplers] == numbers
    assert drawn.status_code == 422


def test_a_product_of_the_register_is_copied(door: Any, out: Field) -> None:
    enterprise_id = record_edition(out.session, out.no).enterprise_id
    factories.product(
        out.session, enterprise_id=enterprise_id, number="P-7", name="插座", brand="云杉", model="M"
    )
    out.session.commit()
    unit = {"plan_no": out.plan_no, "code": out.code, "channel": "shop", "purpose": "supervision"}
    page = door.get(f"/console/records/new?plan_no={out.plan_no}&code={out.code}").text

    answer = door.post("/console/records/new", data={**unit, "product_no": "P-7"})
    unknown = door.post("/console/records/new", data={**unit, "product_no": "P-8"})

    assert 'value="P-7"' in page
    values = record_edition(out.session, answer.location.rpartition("/")[2]).values
    assert (values["product_name"], values["brand"], values["model"]) == ("插座", "云杉", "M")
    assert unknown.status_code == 422


def test_files_go_up_come_down_as_they_were_and_off_again(
    door: Any,
    out: Field,
) -> None:
    address = f"/console/records/{out.no}/files"
    sent = {"kind": "label", "file": (io.BytesIO(JPEG), "../../标签.jpg"), "back": "field"}
    assert door.post(address, data=sent).status_code == 303
    bad = {"kind": "label", "file": (io.BytesIO(b"<svg/>"), "x.svg")}
    assert door.post(address, data=bad).status_code == 422

    (file,) = record_edition(out.session, out.no).attachments
    down = door.get(f"{address}/{file.sha256}")
    version = str(record_edition(out.session, out.no).version)
    off = {"off": f"label.{file.sha256}", "version": version}

    assert down.data == JPEG
    assert down.headers["Content-Disposition"].startswith("attachment")
    assert door.get(f"{address}/{'0' * 64}").status_code == 404
    assert door.post(address, data=off).status_code == 303
    assert record_edition(out.session, out.no).attachments == ()


def test_the_sheet_holds_every_field_and_the_code(door: Any, out: Field) -> None:
    draft = door.get(f"/console/records/{out.no}/sheet").text
    out.sealed()
    out.session.commit()

    page = door.get(f"/console/records/{out.no}/sheet").text
    labels = door.get(f"/console/records/{out.no}/labels").text

    assert "草稿" in draft
    assert "<svg" not in draft
    for text in (out.no, "USB充电器", "抽样基数", "检样", "F-0002", "市质检院样品室", "<svg"):
        assert text in page
    assert labels.count("<svg") == 2
    assert f"{out.no}-B1" in labels


def test_the_pdf_is_text_with_numbers_labels_and_pages(
    door: Any,
    out: Field,
) -> None:
    out.fill(remarks="现场说明" * 300, claimed_quality="额定功率<65W & 输入100-240V")
    out.sign_all()
    view = record_signing.seal(out.session, out.first, out.no)
    out.session.commit()

    answer = door.get(f"/console/records/{out.no}/sheet.pdf")

    reader = PdfReader(io.BytesIO(answer.data))
    text = "\n".join(page.extract_text() for page in reader.pages)
    flat = "".join(text.split())
    assert answer.mimetype == "application/pdf"
    assert len(reader.pages) == 2
    for words in (
        "CY-2023-0001",
        "被抽样单位名称",
        "抽样基数",
        "USB充电器",
        "额定功率<65W&输入100-240V",
        "F-0002",
        view.sha256 or "-",
        "第1页共2页",
        "第2页共2页",
    ):
        assert words in flat
    assert flat.count("现场说明") == 300
    assert answer.data == door.get(f"/console/records/{out.no}/sheet.pdf").data


def test_an_ordinary_record_is_one_page_in_any_state(door: Any, out: Field) -> None:
    for step in (lambda: None, out.fill, out.sign_all):
        step()
        out.session.commit()
        answer = door.get(f"/console/records/{out.no}/sheet.pdf")

        assert len(PdfReader(io.BytesIO(answer.data)).pages) == 1
    assert "草稿" in PdfReader(io.BytesIO(answer.data)).pages[0].extract_text()


def test_the_check_page_says_one_word_and_no_content(
    client: Any,
    out: Field,
) -> None:
    short = (out.sealed().sha256 or "")[:16]
    out.session.commit()

    good = client.get(f"/r/{out.no}/{short}")
    bad = client.get(f"/r/{out.no}/{'0' * 16}")
    api = client.get(f"/api/v1/public/records/{out.no}/{short}")

    assert api.json == {"verdict": "genuine"}
    assert good.status_code == bad.status_code == 200
    assert "note good" in good.text
    assert "note bad" in bad.text
    for text in ("充电器", "岚州", "测试企业", "某联系人"):
        assert text not in good.text


def test_the_public_sees_no_record(client: Any, out: Field) -> None:
    for path in ("", f"/{out.no}", f"/{out.no}/sheet.pdf", f"/{out.no}/files/{'0' * 64}"):
        assert client.get(f"/console/records{path}").status_code == 302
    assert client.get(f"/api/v1/sampling/records/{out.no}").status_code == 401


def test_values_for_the_script_do_not_break_out_of_it(
    door: Any,
    out: Field,
) -> None:
    records.save(out.session, out.first, out.no, values={"brand": "</script><b>"})
    out.session.commit()

    page = door.get(f"/field/records/{out.no}").text
    block = page.split('id="draft-facts">')[1].split("</script>")[0]

    assert json.loads(block)["values"]["brand"] == "</script><b>"
