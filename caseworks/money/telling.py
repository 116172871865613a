"""What units and persons are told of their money: an account that is wanted, what was paid, what came back (N5.1, N5.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from caseworks.base.notices import MONEY
from caseworks.cases.enums import HoldKind
from caseworks.cases.telling import ABOUT, BUSINESS, tell
from caseworks.money import return_reasons
from caseworks.money.return_reasons import Plain

_ACCOUNT = f"""
    SELECT 'account_missing:' || h.id AS event_key, {ABOUT},
           jsonb_build_object('business', {BUSINESS}, 'problem', h.reason) AS params
    FROM cases_hold h JOIN cases_case c ON c.id = h.case_id
    WHERE h.case_id = ANY(%(cases)s) AND h.released_at IS NULL AND h.kind = ANY(%(kinds)s)
      AND c.scheme = ANY(%(schemes)s)
"""
_PAID = f"""
    SELECT 'paid:' || p.id AS event_key, {ABOUT},
           jsonb_build_object('business', {BUSINESS}, 'amount', {MONEY.format("p.amount")},
               'paid_on', to_char(p.paid_on, 'YYYY-MM-DD'), 'bank', coalesce(nullif(p.bank_name, ''), '银行'),
               'tail', p.account_tail) AS params
    FROM money_payment p JOIN cases_case c ON c.id = p.case_id
    WHERE p.id = ANY(%(payments)s) AND p.status = 'paid' AND c.scheme = ANY(%(schemes)s)
"""
_RETURNED = f"""
    SELECT 'returned:' || p.id AS event_key, {ABOUT},
           jsonb_build_object('business', {BUSINESS}, 'amount', {MONEY.format("p.amount")},
               'returned_on', to_char(p.returned_on, 'YYYY-MM-DD'), 'reason', w.reason, 'next', w.next) AS params
    FROM unnest(%(payments)s::bigint[], %(reasons)s::text[], %(nexts)s::text[]) AS w(id, reason, next)
    JOIN money_payment p ON p.id = w.id
    JOIN cases_case c ON c.id = p.case_id
    WHERE p.status = 'returned' AND c.scheme = ANY(%(schemes)s)
"""
WANTED = (HoldKind.ACCOUNT_MISSING, HoldKind.ACCOUNT_DOUBTFUL, HoldKind.ACCOUNT_UNDECLARED)
_MEND = "请登录单位门户或到窗口更正收款账户，核实后重新拨付，金额不变。"
# What the payee has to do where another account is not what is wanted.
_OTHERWISE: Mapping[Plain, str] = {
    return_reasons.FROZEN: "请到开户银行恢复账户，或登录单位门户提交其他账户，之后重新拨付，金额不变。",
    return_reasons.LIMIT: "请到开户银行调整限额，或登录单位门户提交其他账户，之后重新拨付，金额不变。",
    return_reasons.CARD: "请持社会保障卡到发卡银行激活金融功能，之后重新拨付，金额不变。",
    return_reasons.BANKS_OWN: "收款账户无须更正，经办机构与银行核实后重新拨付，金额不变。",
    return_reasons.UNKNOWN: "请核对收款账户，有误的请登录单位门户或到窗口更正；核实后重新拨付，金额不变。",
}


def account_wanted(cases: Iterable[int], *, at: datetime) -> int:
    """Ask those of the cases whose account is missing, doubtful or not declared, once a hold (N5.1, N5.2)."""
    ids = sorted(set(cases))
    if not ids:
        return 0
    return tell("account_missing", _ACCOUNT, {"cases": ids, "kinds": [str(kind) for kind in WANTED]}, at=at)


def paid(payments: Iterable[int], *, at: datetime) -> int:
    """Tell whose money has arrived."""
    return tell("paid", _PAID, {"payments": sorted(set(payments))}, at=at)


def returned(reasons: Mapping[int, str], *, at: datetime) -> int:
    """Tell whose money came back: payment → the bank's words; said in plain ones, with what to do."""
    plain = {payment: return_reasons.plain(words) for payment, words in reasons.items()}
    params = {
        "payments": list(plain),
        "reasons": [found.label for found in plain.values()],
        "nexts": [_OTHERWISE.get(found, _MEND) for found in plain.values()],
    }
    return tell("returned", _RETURNED, params, at=at)
