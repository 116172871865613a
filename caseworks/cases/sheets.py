"""审核表: a case on paper, with how it was judged, each opinion and what happened; made anew each time it is asked for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone

from caseworks.base.documents.rendering import render
from caseworks.base.money import in_capitals, thousands
from caseworks.cases import sources, timeline
from caseworks.cases.enums import SendBackReason, Stage
from caseworks.cases.models import Case, Review
from caseworks.people.models import Person

TEMPLATE = Path(__file__).parent / "papers" / "case_sheet.typ"
_UNIT_CODE = 18  # characters; a person's subject is a hash


def sheet(case: Case, person: Person, *, at: dt.datetime) -> bytes:
    """The sheet of a case as PDF, as the person sees it."""
    return render(TEMPLATE, paper(case, person, at=at), at=at)


def paper(case: Case, person: Person, *, at: dt.datetime) -> dict[str, object]:
    """What the sheet says."""
    on = timezone.localdate(at)
    return {
        "title": f"{case.year} 年度{case.get_scheme_display()}审核表",
        "number": f"{case.get_scheme_display()}〔{case.year}〕{case.pk}",
        "issuer": case.office.name,
        "printed": f"打印：{person} {timezone.localtime(at):%Y-%m-%d %H:%M}",
        "facts": _facts(case),
        "figures": [[name, value] for name, value in sources.figures(case)],
        "amount": thousands(case.amount),
        "capitals": in_capitals(case.amount),
        "flags": _flags(case),
        "reviews": _reviews(case),
        "moments": [
            [f"{each.day} {each.clock}".strip(), each.words, each.who] for each in timeline.of(case, person, on)
        ],
    }


def _facts(case: Case) -> list[list[str]]:
    code = case.subject if len(case.subject) == _UNIT_CODE else "个人（从略）"
    return [
        ["名称", case.name],
        ["统一社会信用代码", code],
        ["状态", case.get_status_display()],
        ["立件", f"{timezone.localtime(case.opened_at):%Y-%m-%d %H:%M}"],
        ["次", f"第 {case.round} 次"],
        ["内容摘要", bytes(case.fingerprint).hex()[:16]],
    ]


def _flags(case: Case) -> list[list[str]]:
    codes = case.sheet.flags if hasattr(case, "sheet") else []
    words = sources.flag_words(case.scheme) if codes else {}
    cleared = {row.flag: row for row in case.clearings.all() if bytes(row.fingerprint) == bytes(case.fingerprint)}
    rows = []
    for code in codes:
        row = cleared.get(code)
        who = f"{row.actor} {timezone.localtime(row.at):%Y-%m-%d %H:%M}" if row else ""
        rows.append([words.get(code, code), row.words if row else "尚未核实", who])
    return rows


def _reviews(case: Case) -> list[dict[str, str]]:
    """Each opinion that stands, and an empty field for the stages that are to come."""
    rows = list(case.reviews.all())
    found = [_signed(row) for row in rows]
    standing = {row.stage for row in rows if row.standing}
    further = bool(getattr(case, "sheet", None) and case.sheet.further)
    stages = [stage for stage in Stage if further or stage != Stage.FURTHER]
    missing = [stage for stage in stages if stage.value not in standing]
    return found + [
        {"stage": str(stage.label), "opinion": "", "who": "签字：", "dated": "年  月  日"} for stage in missing
    ]


def _signed(row: Review) -> dict[str, str]:
    state = "" if row.standing else "（退回）" if row.reasons else "（已失效）"
    reasons = "、".join(str(SendBackReason(code).label) for code in row.reasons)
    opinion = f"{reasons}：{row.opinion}" if reasons else row.opinion or "通过"
    return {
        "stage": f"{row.get_stage_display()}{state}",
        "opinion": opinion,
        "who": row.actor,
        "dated": f"{timezone.localtime(row.at):%Y-%m-%d %H:%M}",
    }
