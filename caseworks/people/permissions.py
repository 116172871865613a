"""Which role may do what: one table, read by pages, operations and the admin. (N6.2)

A word is `<noun>.<verb>`. Auditors may do every `view` and nothing else; administrators manage people and offices and
see neither cases nor money.
"""

from __future__ import annotations

from caseworks.base.enums import Role

_BUSINESS = frozenset({Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.CASHIER, Role.SUPERVISOR})
_READERS = _BUSINESS | {Role.AUDITOR}

PERMISSIONS: dict[str, frozenset[Role]] = {
    # the desk
    "desk.view": _READERS | {Role.ADMINISTRATOR},
    "run.view": _READERS,
    "export.make": _BUSINESS,
    # registry (J4.1)
    "registry.view": _READERS,
    "registry.import": frozenset({Role.CLERK}),
    "registry.confirm": frozenset({Role.REVIEWER}),
    "succession.propose": frozenset({Role.CLERK}),
    "import.view": _READERS,
    "account.declare": frozenset({Role.CLERK}),
    "account.enter": frozenset({Role.CLERK}),
    # screening (N5.1)
    "screening.view": _READERS,
    "screening.run": frozenset({Role.CLERK}),
    "determination.view": _READERS,
    "determination.set": frozenset({Role.CLERK}),
    "determination.confirm": frozenset({Role.REVIEWER}),
    # skill claims (N3)
    "claim.view": _READERS,
    "claim.take": frozenset({Role.CLERK}),
    "recalculation.view": _READERS,
    "recalculation.run": frozenset({Role.CLERK}),
    "difference.topup": frozenset({Role.CLERK}),
    "difference.recover": frozenset({Role.APPROVER}),
    "claim.invite": frozenset({Role.CLERK}),
    "overlap.dismiss": frozenset({Role.REVIEWER}),
    # cases (N6.2)
    "case.view": _READERS,
    "case.note": _BUSINESS,
    "case.open": frozenset({Role.CLERK}),
    "case.review": frozenset({Role.CLERK}),
    "case.recheck": frozenset({Role.REVIEWER}),
    "case.approve": frozenset({Role.APPROVER}),
    "case.approve_further": frozenset({Role.APPROVER, Role.SUPERVISOR}),
    "case.send_back": frozenset({Role.REVIEWER, Role.APPROVER}),
    # the rules judge, whoever asks them to: clerks, and those who decide objections
    "case.rejudge": frozenset({Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR}),
    "case.refuse": frozenset({Role.APPROVER, Role.SUPERVISOR}),
    "case.withdraw": frozenset({Role.CLERK}),
    "case.waive": frozenset({Role.SUPERVISOR}),
    "case.assign": frozenset({Role.SUPERVISOR}),
    "case.transfer": frozenset({Role.CLERK, Role.SUPERVISOR}),
    "case.announce": frozenset({Role.REVIEWER, Role.APPROVER}),
    "case.clear": frozenset({Role.REVIEWER}),
    "announcement.view": _READERS,
    "announcement.draw": frozenset({Role.REVIEWER}),
    "announcement.publish": frozenset({Role.REVIEWER, Role.APPROVER}),
    "objection.view": _READERS,
    "objection.receive": frozenset({Role.CLERK, Role.REVIEWER}),
    "objection.decide": frozenset({Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR}),
    "second_look.view": _READERS,
    "second_look.receive": frozenset({Role.CLERK, Role.REVIEWER}),
    "second_look.decide": frozenset({Role.REVIEWER, Role.APPROVER, Role.SUPERVISOR}),
    "bar.view": _READERS,
    "bar.decide": frozenset({Role.SUPERVISOR}),
    # dispatch agencies (J2.2–J2.10)
    "dispatch.view": _READERS,
    "dispatch.take": frozenset({Role.CLERK}),
    "dispatch.supervise": frozenset({Role.SUPERVISOR}),
    "voucher.enter": frozenset({Role.CLERK}),
    "fundreturn.confirm": frozenset({Role.CLERK}),
    "voucher.verify": frozenset({Role.CLERK, Role.REVIEWER}),
    # money (N6.2)
    "payment.view": _READERS,
    "payment.make": frozenset({Role.CASHIER}),
    "payment.release": frozenset({Role.CASHIER, Role.APPROVER}),
    "payment.keep": frozenset({Role.CASHIER, Role.CLERK}),
    "reconciliation.make": frozenset({Role.CASHIER}),
    "reconciliation.close": frozenset({Role.CASHIER, Role.SUPERVISOR}),
    "reconciliation.reopen": frozenset({Role.SUPERVISOR}),
    "payment.mend": frozenset({Role.CLERK}),
    # the books (N6.2)
    "books.view": _READERS,
    "books.check": frozenset({Role.SUPERVISOR}),
    "fund.view": _READERS,
    "fund.record": frozenset({Role.CASHIER}),
    # money that comes back, and how it was used (N6.2, J2.0)
    "recovery.view": _READERS,
    "recovery.propose": frozenset({Role.CLERK, Role.REVIEWER}),
    "recovery.confirm": frozenset({Role.APPROVER, Role.SUPERVISOR}),
    "recovery.notice": frozenset({Role.CLERK}),
    "recovery.hand_over": frozenset({Role.APPROVER, Role.SUPERVISOR}),
    "recovery.withdraw": frozenset({Role.SUPERVISOR}),
    "repayment.enter": frozenset({Role.CASHIER}),
    "repayment.confirm": frozenset({Role.CASHIER, Role.APPROVER}),
    "use.view": _READERS,
    "use.ask": frozenset({Role.CLERK}),
    "use.report": frozenset({Role.CLERK}),
    "use.check": frozenset({Role.CLERK, Role.REVIEWER}),
    # notices and documents (N5.1)
    "notice.view": _READERS,
    "notice.resend": frozenset({Role.CLERK, Role.SUPERVISOR}),
    "notice.block": frozenset({Role.CLERK, Role.SUPERVISOR}),
    "notice.template": frozenset({Role.SUPERVISOR}),
    "document.view": _READERS,
    "document.issue": frozenset({Role.CLERK, Role.REVIEWER, Role.APPROVER}),
    "document.seal": frozenset({Role.CLERK, Role.SUPERVISOR}),
    # policy and calendar
    "policy.view": _READERS,
    "policy.draft": frozenset({Role.SUPERVISOR}),
    "policy.force": frozenset({Role.SUPERVISOR}),
    "calendar.view": _READERS,
    "calendar.edit": frozenset({Role.SUPERVISOR}),
    # supervision (N7.2, J2.10): who sees dashboards sees all of the office and below; nobody changes anything there
    "dashboard.view": frozenset({Role.SUPERVISOR, Role.AUDITOR}),
    "dashboard.refresh": frozenset({Role.SUPERVISOR}),
    "trace.view": frozenset({Role.SUPERVISOR, Role.AUDITOR}),
    "trace.export": frozenset({Role.SUPERVISOR}),
    "trace.consent": frozenset({Role.SUPERVISOR}),
    # people and offices
    "people.view": frozenset({Role.SUPERVISOR, Role.AUDITOR, Role.ADMINISTRATOR}),
    "people.manage": frozenset({Role.ADMINISTRATOR}),
}


def roles_for(permission: str) -> frozenset[Role]:
    """The roles that hold a permission; an unknown word is a programming error."""
    try:
        return PERMISSIONS[permission]
    except KeyError:
        raise LookupError(f"{permission!r} is not in the table of permissions") from None


def granted(roles: frozenset[str], permission: str) -> bool:
    """Whether one of the roles holds the permission."""
    return not roles_for(permission).isdisjoint(roles)
