"""稳岗返还核定通知: the letter to a unit whose refund was approved, once for what was approved (N2.3, N6.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from caseworks.base.documents import papers
from caseworks.base.enums import DocumentKind
from caseworks.base.errors import Refusal
from caseworks.base.models import Document
from caseworks.base.money import in_capitals, thousands
from caseworks.base.panels import Offer
from caseworks.cases.enums import Status
from caseworks.cases.models import Case
from caseworks.people.actors import Actor
from caseworks.people.models import Person
from refunds import explain, rulebook
from refunds.models import Assessment
from refunds.parameters import Parameters

TEMPLATE = Path(__file__).parent / "papers" / "decision.typ"
KIND = DocumentKind.REFUND_DECISION
# From the approval on, as long as it is to be paid.
APPROVED = (Status.APPROVED, Status.ANNOUNCED, Status.CLEARED, Status.BATCHED, Status.PAID, Status.RETURNED)
SCHEME = "refunds"


def issue(case_id: int, *, by: Actor, at: dt.datetime) -> Document:
    """Write the letter of a case. Refused before the approval, and where it was written for what is approved now."""
    with transaction.atomic():
        case = (
            Case.objects.select_for_update(no_key=True, of=("self",))
            .select_related("office")
            .filter(pk=case_id, scheme=SCHEME)
            .first()
        )
        if case is None or not by.may("document.view", case.office):
            raise Refusal("业务件不存在，没有出具。请刷新后重试。")
        if not by.may("document.issue", case.office):
            raise Refusal(f"您没有为{case.office}的业务件出具文书的权限，没有出具。")
        if case.status not in APPROVED:
            raise Refusal(f"{case.name}尚未审批通过（{case.get_status_display()}），没有出具核定通知。")
        known = written(case)
        if known is not None:
            raise Refusal(f"已出具 {known.number}，没有重复出具。")
        row = Assessment.objects.select_related("policy").filter(case=case).first()
        if row is None:
            raise Refusal(f"{case.name}没有对应的核算结果，没有出具核定通知。")
        return papers.issue(
            KIND,
            issuer=case.office.issuer,
            year=timezone.localdate(at).year,
            title=f"{case.year}年度稳岗返还核定通知",
            template=TEMPLATE,
            data=letter(case, row),
            at=at,
            label=by.label,
            office_id=case.office_id,
            city_office_id=case.city_office_id,
            subject=case.subject,
            name=case.name,
            case_id=case.pk,
        )


def written(case: Case) -> Document | None:
    """The letter that was written for what is approved now."""
    mine = Document.objects.filter(case=case.pk, kind=KIND, data__fingerprint=bytes(case.fingerprint).hex())
    return mine.order_by("-pk").first()


def offers(case: Case, person: Person, on: dt.date) -> Iterator[Offer]:
    """The button on the case's page."""
    may = Actor.of_person(person).may("document.issue", case.office, on)
    judged = case.status in APPROVED and Assessment.objects.filter(case=case).exists()
    if may and judged and written(case) is None:
        yield Offer("出具核定通知", reverse("refunds:decision_issue", args=[case.pk]), "出具后编号不再变动")


def letter(case: Case, row: Assessment) -> dict[str, Any]:
    """What the letter says."""
    year = rulebook.of_policy(row.policy, row.judged_on).parameters[row.policy_id]
    basis = "、".join(_document(item) for item in row.policy.documents)
    phone = f"，咨询电话：{case.office.phone}" if case.office.phone else ""
    return {
        "name": case.name,
        "fingerprint": bytes(case.fingerprint).hex(),
        "before": [
            f"根据{basis}，经审核，你单位符合{case.year}年度稳岗返还条件。现将核定结果通知如下："
            if basis
            else f"经审核，你单位符合{case.year}年度稳岗返还条件。现将核定结果通知如下："
        ],
        "facts": _facts(case, row, year),
        "after": [
            "上述金额经公示无异议后，拨付到你单位账户，无需申请。",
            "返还资金用于职工生活补助、缴纳社会保险费、转岗培训、技能提升培训等稳定就业岗位以及降低生产经营成本的支出，"
            "请按规定使用并留存凭证备查。",
            f"对核定结果有异议的，可以向本机构申请复核{phone}；也可以依法申请行政复议或者提起行政诉讼。",
        ],
    }


def _facts(case: Case, row: Assessment, year: Parameters) -> list[list[str]]:
    limit = year.ceiling(row.opening_headcount)
    judgeable = row.net_reduction is not None and row.opening_headcount > 0
    rate = explain.percent(Fraction(row.net_reduction or 0, row.opening_headcount), limit) if judgeable else "—"
    closing = "—" if row.closing_headcount is None else f"{row.closing_headcount} 人"
    net = "—" if row.net_reduction is None else f"{row.net_reduction} 人"
    kind = explain.unit_type(row.unit_type) + (f"（{explain.size(row.size)}）" if row.size else "")
    premium_year = case.year - 1
    return [
        ["单位名称", case.name],
        ["统一社会信用代码", case.subject],
        ["单位类型（划型）", kind],
        [f"{premium_year}年度实缴失业保险费", f"{thousands(row.premium)} 元"],
        [f"{premium_year}年初、年末参保人数", f"{row.opening_headcount} 人、{closing}"],
        ["净减员、裁员率（控制目标）", f"{net}、{rate}（不高于 {explain.percent(limit)}）"],
        ["返还比例", explain.percent(row.ratio) if row.ratio is not None else "—"],
        ["返还金额", f"{thousands(case.amount)} 元"],
        ["金额大写", f"人民币{in_capitals(case.amount)}"],
    ]


def _document(item: dict[str, str]) -> str:
    title, number = item.get("title", ""), item.get("number", "")
    return f"《{title}》（{number}）" if title else number
