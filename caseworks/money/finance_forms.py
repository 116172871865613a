"""The finance bureau's forms of a batch: 资金拨付申请表 and 资金拨付明细表, as PDF and as a workbook (N6.2).

The application has a number, is written once and kept. The list names full account numbers, so that it is made anew each
time, like the bank file, and lies in no file of ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from caseworks.base.documents import papers
from caseworks.base.documents.rendering import chinese_date, render
from caseworks.base.enums import DocumentKind
from caseworks.base.errors import Refusal
from caseworks.base.models import Document
from caseworks.base.money import in_capitals, thousands
from caseworks.base.sheets.writing import write_xlsx
from caseworks.money.enums import GOING, BatchStatus
from caseworks.money.gate import Gate
from caseworks.money.models import Batch, Payment
from caseworks.people.actors import Actor

FOLDER = Path(__file__).parent / "papers"
IN_LIST = 1000  # lines of the PDF; the workbook has them all
HEADER = ("序号", "支付编号", "单位名称", "户名", "银行账号", "开户银行", "联行号", "金额（元）")
WIDTHS = (8, 18, 38, 38, 26, 30, 16, 18)


def application_of(batch: Batch) -> Document | None:
    """The application of a batch, where it was written."""
    return Document.objects.filter(kind=DocumentKind.FUND_APPLICATION, subject=batch.batch_no).first()


def apply(batch: Batch, *, by: Actor, at: datetime) -> Document:
    """Write the application of a batch that was released; once written it stays what it is."""
    with transaction.atomic():
        taken = _released(batch, by)
        known = application_of(taken)
        if known is not None:
            return known
        title = f"{taken.year}年度{taken.get_scheme_display()}资金拨付申请表"
        return papers.issue(
            DocumentKind.FUND_APPLICATION,
            issuer=taken.office.name,
            year=timezone.localdate(at).year,
            title=title,
            template=FOLDER / "fund_application.typ",
            data=application(taken, timezone.localdate(at)),
            at=at,
            label=by.label,
            office_id=taken.office_id,
            city_office_id=taken.city_office_id,
            subject=taken.batch_no,
            name=f"批次 {taken.batch_no}",
        )


def application(batch: Batch, on: date) -> dict[str, Any]:
    """What the application says, dated so."""
    return {
        "facts": facts(batch),
        "paragraphs": [
            f"根据{_documents(batch)}，经审核、公示无异议，现申请拨付上述资金，"
            f"共 {batch.lines} 笔，合计 {thousands(batch.amount)} 元（{in_capitals(batch.amount)}）。"
            "明细见资金拨付明细表。"
        ],
        "signers": [
            ["制单", str(batch.drawn_by), f"{batch.drawn_on}"],
            ["放行", str(batch.released_by or ""), _day(batch.released_at)],
            ["财务负责人", "", ""],
        ],
        "seals": [[batch.office.name, chinese_date(on)], ["主管部门", ""], ["财政部门", ""]],
    }


def facts(batch: Batch) -> list[list[str]]:
    """The rows of the application, on paper and in the workbook: name and value."""
    rows = [
        ["批次号", batch.batch_no],
        ["业务", f"{batch.year} 年度{batch.get_scheme_display()}"],
        ["申请单位", batch.office.name],
        ["资金来源", "失业保险基金"],
        ["笔数", f"{batch.lines:,}"],
        ["金额（小写）", f"{thousands(batch.amount)} 元"],
        ["金额（大写）", in_capitals(batch.amount)],
        ["依据", _documents(batch)],
    ]
    if batch.bank:
        rows.insert(3, ["开户银行", batch.bank])
    if batch.gate:
        gate = Gate.of_json(batch.gate)
        rows.append(["基金备付期限", gate.words])
        if gate.leaves is not None:
            rows.append(["本批拨付后余额", f"{thousands(gate.leaves)} 元"])
    return rows


def write_application(batch: Batch, target: BinaryIO, *, by: Actor) -> None:
    """The application as a workbook."""
    taken = _released(batch, by, lock=False)
    known = application_of(taken)
    number = [["文号", known.number]] if known else []
    write_xlsx(target, "资金拨付申请表", ("项目", "内容"), [*number, *facts(taken)], (20, 70))


def write_list(batch: Batch, target: BinaryIO, *, by: Actor) -> int:
    """The list as a workbook, a row a payment and the total; returns its payments."""
    taken = _released(batch, by, lock=False)

    def rows() -> Iterator[list[object]]:
        for place, row in enumerate(_payments(taken), start=1):
            yield [place, *_cells(row), row.amount]
        yield ["合计", "", f"{taken.lines:,} 笔", in_capitals(taken.amount), "", "", "", taken.amount]

    return write_xlsx(target, "资金拨付明细表", HEADER, rows(), WIDTHS) - 1


def render_list(batch: Batch, *, by: Actor, at: datetime) -> bytes:
    """The list as PDF, with up to 1,000 lines; it says so where the workbook has more."""
    taken = _released(batch, by, lock=False)
    rows = [
        [str(place), *_cells(row), thousands(row.amount)]
        for place, row in enumerate(_payments(taken)[:IN_LIST], start=1)
    ]
    known = application_of(taken)
    data = {
        "title": f"{taken.year}年度{taken.get_scheme_display()}资金拨付明细表",
        "issuer": taken.office.name,
        "scope": f"申请表 {known.number}" if known else taken.bank or "失业保险基金",
        "batch": f"批次 {taken.batch_no}",
        "dated": chinese_date(timezone.localdate(at)),
        "header": HEADER,
        "rows": rows,
        "total_label": f"合计 {taken.lines:,} 笔",
        "total": thousands(taken.amount),
        "capitals": in_capitals(taken.amount),
        "note": f"本表列前 {IN_LIST:,} 笔，全部 {taken.lines:,} 笔见电子表格。" if taken.lines > IN_LIST else "",
        "signers": [["制单", str(taken.drawn_by)], ["放行", str(taken.released_by or "")], ["财务负责人", ""]],
    }
    return render(FOLDER / "payment_list.typ", data, at=at)


def _released(batch: Batch, by: Actor, *, lock: bool = True) -> Batch:
    rows = Batch.objects.select_related("office", "policy", "drawn_by", "released_by")
    taken = (rows.select_for_update(of=("self",)) if lock else rows).get(pk=batch.pk)
    if not by.may("payment.make", taken.office):
        raise Refusal(f"您没有出具{taken.office}财务表单的权限，没有出具。")
    if taken.status not in (*GOING, BatchStatus.SENT):
        raise Refusal(f"批次 {taken} {taken.get_status_display()}，没有出具财务表单。请先由另一人放行。")
    return taken


def _payments(batch: Batch) -> Any:
    wanted = ("payment_no", "name", "account_name", "account_no", "bank_name", "bank_code", "amount")
    return Payment.objects.filter(batch=batch).attempts().order_by("pk").only(*wanted)


def _cells(row: Payment) -> list[str]:
    return [row.payment_no, row.name, row.account_name, row.account_no, row.bank_name, row.bank_code]


def _documents(batch: Batch) -> str:
    named = [
        f"《{item['title']}》（{item['number']}）" if item.get("title") else item.get("number", "")
        for item in batch.policy.documents
    ]
    return "、".join(name for name in named if name) or batch.policy.title


def _day(at: datetime | None) -> str:
    return f"{timezone.localdate(at)}" if at else ""
