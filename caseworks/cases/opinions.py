"""常用意见: what a person keeps for a stage, what was written there last, and what is usually written. (N6.2)"""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from caseworks.base.errors import Refusal
from caseworks.cases.enums import Decision, Stage
from caseworks.cases.models import CommonOpinion, Review
from caseworks.people.models import Person

USUAL: dict[Stage, tuple[str, ...]] = {
    Stage.FIRST: ("经核对，数据完整，符合条件，同意。", "提示事项已核实，不影响支付，同意。"),
    Stage.SECOND: ("经复核，初审意见属实，同意。", "核算无误，同意提交审批。"),
    Stage.APPROVAL: ("同意。", "同意支付，按程序公示。"),
    Stage.FURTHER: ("同意。", "金额较大，已核对依据，同意。"),
}
KEPT_MOST = 20  # a stage
_OWN = 3
_LOOKED_AT = 200


def common(person: Person, stage: Stage) -> list[str]:
    """What the person keeps, then the last different opinions at the stage, then the usual ones."""
    recent = (
        Review.objects.filter(person=person, stage=stage, decision=Decision.PASSED)
        .exclude(opinion="")
        .order_by("-at")
        .values_list("opinion", flat=True)[:_LOOKED_AT]
    )
    own = list(dict.fromkeys(recent))[:_OWN]
    kept = CommonOpinion.objects.filter(person=person, stage=stage).values_list("text", flat=True)
    return list(dict.fromkeys([*kept, *own, *USUAL[stage]]))


def add(person: Person, stage: str, text: str, *, at: datetime) -> None:
    """Keep an opinion for a stage; one that is kept already stays as it is."""
    text = text.strip()
    if not text or len(text) > 200:
        raise Refusal("常用意见应为 1 至 200 字，没有保存。")
    if CommonOpinion.objects.filter(person=person, stage=stage).count() >= KEPT_MOST:
        raise Refusal(f"每个环节最多保存 {KEPT_MOST} 条常用意见，没有保存。请先删除不用的。")
    try:
        with transaction.atomic():
            CommonOpinion.objects.create(person=person, stage=stage, text=text, at=at)
    except IntegrityError as problem:
        if "opinion_once" not in str(problem):
            raise


def remove(person: Person, pk: int) -> None:
    """Keep it no longer; only the own ones."""
    CommonOpinion.objects.filter(person=person, pk=pk).delete()
