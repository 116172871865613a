"""The life of a case: the table of steps. Whatever is not listed here is refused. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caseworks.cases.enums import Status

UNDER_REVIEW = (Status.OPENED, Status.FIRST_PASSED, Status.SECOND_PASSED, Status.ENDORSED, Status.APPROVED)
UNPAID = (*UNDER_REVIEW, Status.ANNOUNCED, Status.CLEARED)
UNFINISHED = (*UNPAID, Status.BATCHED, Status.RETURNED)
FINAL = (Status.REFUSED, Status.WITHDRAWN, Status.WAIVED)


@dataclass(frozen=True, slots=True)
class Step:
    """One row: who may move a case from where to where.

    Without a target the case stays where it is; with `reasoned` the step must be explained in words.
    """

    name: str
    label: str
    sources: tuple[Status, ...]
    target: Status | None
    permission: str
    reasoned: bool = False

    def arrives(self, status: str) -> Status:
        """Where a case of this status comes to stand."""
        return self.target or Status(status)


_TABLE = (
    Step("open", "立件", (), Status.OPENED, "case.open"),
    Step("pass_first", "初审通过", (Status.OPENED,), Status.FIRST_PASSED, "case.review"),
    Step("pass_second", "复核通过", (Status.FIRST_PASSED,), Status.SECOND_PASSED, "case.recheck"),
    Step("approve", "审批通过", (Status.SECOND_PASSED,), Status.APPROVED, "case.approve"),
    Step("endorse", "审批通过（须再审批）", (Status.SECOND_PASSED,), Status.ENDORSED, "case.approve"),
    Step("approve_further", "再审批通过", (Status.ENDORSED,), Status.APPROVED, "case.approve_further"),
    Step("send_back", "退回初审", UNDER_REVIEW[1:], Status.OPENED, "case.send_back", reasoned=True),
    Step("rejudge", "重新核定", UNPAID, Status.OPENED, "case.rejudge", reasoned=True),
    Step("announce", "列入公示", (Status.APPROVED,), Status.ANNOUNCED, "case.announce"),
    Step("clear", "公示无异议", (Status.ANNOUNCED,), Status.CLEARED, "case.clear"),
    Step("batch", "列入拨付批次", (Status.CLEARED,), Status.BATCHED, "payment.make"),
    Step("unbatch", "移出拨付批次", (Status.BATCHED,), Status.CLEARED, "payment.make", reasoned=True),
    Step("pay", "银行到账", (Status.BATCHED,), Status.PAID, "payment.make"),
    Step("bounce", "银行退回", (Status.BATCHED, Status.PAID), Status.RETURNED, "payment.make", reasoned=True),
    Step("mend", "账户已更正", (Status.RETURNED,), Status.CLEARED, "payment.mend", reasoned=True),
    Step("refuse", "不予支付", UNPAID, Status.REFUSED, "case.refuse", reasoned=True),
    Step("withdraw", "撤回", UNDER_REVIEW, Status.WITHDRAWN, "case.withdraw", reasoned=True),
    Step("waive", "视为放弃", (Status.CLEARED, Status.RETURNED), Status.WAIVED, "case.waive", reasoned=True),
    Step("transfer", "移交", UNFINISHED, None, "case.transfer", reasoned=True),
)
STEPS: dict[str, Step] = {step.name: step for step in _TABLE}


def steps_from(status: str) -> Iterator[Step]:
    """The steps that a case of this status can take."""
    return (step for step in _TABLE if status in step.sources)


def drawing() -> str:
    """The table as a picture (Mermaid) and as a table, for docs/architecture.md."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {status.value}: {status.label}" for status in Status]
    lines.append("    [*] --> opened: open")
    moves = [(source, step) for step in _TABLE if step.target for source in step.sources]
    lines += [f"    {source.value} --> {step.target}: {step.name}" for source, step in moves]
    lines += [f"    {status.value} --> [*]" for status in (Status.PAID, *FINAL)]
    lines += ["```", "", "| step | 步骤 | from | to | permission | in words |", "|---|---|---|---|---|---|"]
    for step in _TABLE:
        sources = ", ".join(f"`{source.value}`" for source in step.sources) or "—"
        target = f"`{step.target.value}`" if step.target else "stays"
        reasoned = "must" if step.reasoned else ""
        lines.append(f"| `{step.name}` | {step.label} | {sources} | {target} | `{step.permission}` | {reasoned} |")
    return "\n".join(lines)
