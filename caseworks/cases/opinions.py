"""常用意见: what is usually written at a stage, the person's own words first. (N6.2)"""

from __future__ import annotations

from caseworks.cases.enums import Decision, Stage
from caseworks.cases.models import Review
from caseworks.people.models import Person

USUAL: dict[Stage, tuple[str, ...]] = {
    Stage.FIRST: ("经核对，数据完整，符合返还条件，同意。", "提示事项已核实，不影响返还，同意。"),
    Stage.SECOND: ("经复核，初审意见属实，同意。", "核算无误，同意提交审批。"),
    Stage.APPROVAL: ("同意。", "同意返还，按程序公示。"),
    Stage.FURTHER: ("同意。", "金额较大，已核对依据，同意。"),
}
_OWN = 3
_LOOKED_AT = 200


def common(person: Person, stage: Stage) -> list[str]:
    """The person's last different opinions at the stage, then the usual ones."""
    recent = (
        Review.objects.filter(person=person, stage=stage, decision=Decision.PASSED)
        .exclude(opinion="")
        .order_by("-at")
        .values_list("opinion", flat=True)[:_LOOKED_AT]
    )
    own = list(dict.fromkeys(recent))[:_OWN]
    return list(dict.fromkeys([*own, *USUAL[stage]]))
