"""The stages of a review: where a case waits for each, which step passes it, and whose hand that needs. Pure. (N6.2)"""

from __future__ import annotations

from caseworks.cases.enums import Stage, Status
from caseworks.cases.lifecycle import STEPS

STATUS_OF = {
    Stage.FIRST: Status.OPENED,
    Stage.SECOND: Status.FIRST_PASSED,
    Stage.APPROVAL: Status.SECOND_PASSED,
    Stage.FURTHER: Status.ENDORSED,
}
STAGE_OF = {status: stage for stage, status in STATUS_OF.items()}
STEP_OF = {
    Stage.FIRST: "pass_first",
    Stage.SECOND: "pass_second",
    Stage.APPROVAL: "approve",
    Stage.FURTHER: "approve_further",
}
PERMISSION_OF = {stage: STEPS[step].permission for stage, step in STEP_OF.items()}
SENT_BACK_AT = {
    Status.FIRST_PASSED: Stage.SECOND,
    Status.SECOND_PASSED: Stage.APPROVAL,
    Status.ENDORSED: Stage.FURTHER,
    Status.APPROVED: Stage.APPROVAL,
}
BEFORE = {
    Stage.FIRST: [],
    Stage.SECOND: [Stage.FIRST.value],
    Stage.APPROVAL: [Stage.FIRST.value, Stage.SECOND.value],
    Stage.FURTHER: [Stage.FIRST.value, Stage.SECOND.value, Stage.APPROVAL.value],
}
