"""What supervisors watch, made by SQL alone on a judged province: cases in every state with their payments, objections and
holds, agencies with parts, vouchers, findings and bars, reports on the use of funds, and skill claims.

Of a thousand units about 820 have a case, 350 are paid, 30 came back, 2 are agencies with ten hosts each, 200 persons claim.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import connection

# A value for each column that must hold something and of which a statement says nothing, by the kind of the column.
_EMPTY = {
    "bytea": "''::bytea", "jsonb": "'{}'", "ARRAY": "'{}'", "boolean": "false", "date": "date '2024-06-28'",
    "timestamp with time zone": "timestamptz '2024-06-28 01:00+00'",
} | dict.fromkeys(("integer", "bigint", "smallint", "numeric", "double precision"), "0")  # fmt: skip

_STATES = """
    CASE WHEN a.id %% 100 < 12 THEN 'opened' WHEN a.id %% 100 < 20 THEN 'first_passed'
         WHEN a.id %% 100 < 27 THEN 'second_passed' WHEN a.id %% 100 < 33 THEN 'approved'
         WHEN a.id %% 100 < 40 THEN 'announced' WHEN a.id %% 100 < 46 THEN 'cleared'
         WHEN a.id %% 100 < 52 THEN 'batched' WHEN a.id %% 100 < 94 THEN 'paid'
         WHEN a.id %% 100 < 98 THEN 'returned' WHEN a.id %% 100 = 98 THEN 'refused' ELSE 'withdrawn' END
"""
_MOVED = "timestamptz '2024-11-20 02:00+00' - (c.id %% 40) * interval '1 day'"
_CAUSE = "(ARRAY['账户已销户', '账号户名不符', '开户行不存在', '账户冻结'])[1 + c.id %% 4]"
_AGENCY = "u.id %% 500 = 1"

#: table → (what each column holds, where its rows come from); %(at)s is a moment, the rest are ids of the set-up
ROWS: tuple[tuple[str, Mapping[str, str], str], ...] = (
    (
        "cases_case",
        {
            "id": "a.id", "scheme": "'refunds'", "year": "2024", "subject": "a.uscc", "round": "1", "name": "a.name",
            "office_id": "a.office_id", "city_office_id": "a.city_office_id", "amount": "a.amount",
            "fingerprint": "sha256(a.uscc::bytea)", "head": "sha256(a.uscc::bytea)", "seq": "1", "status": _STATES,
        },
        "refunds_assessment a WHERE a.outcome = 'eligible' AND a.id %% 50 > 0",
    ),
    (
        "cases_event",
        {
            "case_id": "c.id", "seq": "1", "step": "'open'", "to_status": "c.status", "at": _MOVED,
            "actor": "'os:bench'", "digest": "c.head",
        },
        "cases_case c ORDER BY c.id",
    ),
    (
        "money_payment",
        {
            "payment_no": "'ZF' || c.id", "case_id": "c.id", "batch_id": "%(batch)s", "scheme": "c.scheme", "year": "c.year",
            "subject": "c.subject", "attempt": "1", "name": "c.name", "office_id": "c.office_id",
            "city_office_id": "c.city_office_id", "amount": "c.amount", "account_kind": "'corporate'",
            "status": "CASE c.status WHEN 'batched' THEN 'sent' ELSE c.status END", "sent_on": "date '2024-07-08'",
            "paid_on": "CASE c.status WHEN 'paid' THEN date '2024-07-10' + (c.id %% 120)::int END",
            "returned_on": "CASE c.status WHEN 'returned' THEN date '2024-07-12' END",
            "reason": f"CASE c.status WHEN 'returned' THEN {_CAUSE} ELSE '' END",
        },
        "cases_case c WHERE c.status IN ('batched', 'paid', 'returned')",
    ),
    (
        "cases_announcementline",
        {
            "announcement_id": "%(announcement)s", "position": "c.id", "case_id": "c.id", "name": "c.name",
            "name_key": "c.name", "amount": "c.amount",
        },
        "cases_case c WHERE c.status IN ('announced', 'cleared', 'batched', 'paid', 'returned')",
    ),
    (
        "cases_objection",
        {
            "line_id": "l.id", "kind": "'other'", "channel": "'counter'", "objector": "'某人'", "words": "'不实'",
            "status": "CASE WHEN l.case_id %% 2000 = 1 THEN 'open' ELSE 'dismissed' END",
            "decided_at": "CASE WHEN l.case_id %% 2000 <> 1 THEN %(at)s::timestamptz END",
            "decided_on": "CASE WHEN l.case_id %% 2000 <> 1 THEN date '2024-07-01' END",
            "decided_label": "CASE WHEN l.case_id %% 2000 <> 1 THEN '李' ELSE '' END",
            "answer": "CASE WHEN l.case_id %% 2000 <> 1 THEN '经查不属实' ELSE '' END",
        },
        "cases_announcementline l WHERE l.case_id %% 500 = 1",
    ),
    (
        "cases_hold",
        {
            "case_id": "c.id", "kind": "'account_missing'", "reason": "'没有账户'", "since": _MOVED,
            "placed_label": "'os:bench'",
        },
        "cases_case c WHERE c.status = 'cleared' AND c.id %% 5 = 1",
    ),
    (
        "money_recovery",
        {
            "key": "'use:' || c.id", "kind": "'misuse'", "origin": "'use_check'", "scheme": "c.scheme", "year": "c.year",
            "subject": "c.subject", "name": "c.name", "office_id": "c.office_id", "city_office_id": "c.city_office_id",
            "amount": "c.amount / 10", "status": "'proposed'", "reason": "'不在用途范围'", "basis": "'N2.4'",
        },
        "cases_case c WHERE c.status = 'paid' AND c.id %% 1000 = 53",
    ),
    (
        "money_usereport",
        {
            "scheme": "c.scheme", "year": "c.year", "subject": "c.subject", "name": "c.name", "office_id": "c.office_id",
            "city_office_id": "c.city_office_id", "why": "'sample'", "received": "c.amount", "total": "c.amount",
            "handing": "1", "due_on": "date '2024-09-30'", "checked_at": "%(at)s::timestamptz",
            "status": "CASE WHEN r.id IS NOT NULL THEN 'misused' ELSE"
            " (ARRAY['asked', 'handed_in', 'sent_back', 'checked'])[1 + c.id %% 4] END",
            "recovery_id": "r.id",
        },
        "cases_case c LEFT JOIN money_recovery r ON r.key = 'use:' || c.id"
        " WHERE c.status = 'paid' AND (c.id %% 40 = 11 OR r.id IS NOT NULL)",
    ),
    (
        "money_useline",
        {
            "report_id": "u.id", "handing": "1", "position": "n", "amount": "u.received / 2",
            "category": "(ARRAY['living', 'insurance', 'retraining', 'skills', 'costs'])[1 + (u.id + n) %% 5]",
        },
        "money_usereport u, generate_series(1, 2) n",
    ),
    # agencies: ids of applications, cases and payments above all others
    (
        "dispatch_application",
        {
            "id": "%(above)s + u.id", "year": "2024", "uscc": "u.uscc", "round": "1", "name": "u.name", "region": "u.region",
            "office_id": "u.office_id", "city_office_id": "u.city_office_id", "channel": "'command'",
            "status": "'submitted'", "policy_id": "%(dispatch)s", "refund_policy_id": "%(refunds)s", "ratio": "0.6",
            "premium": "10000", "version": "1", "amount": "6000", "host_amount": "6000",
            "case_id": "%(above)s + u.id", "submitted_at": "%(at)s::timestamptz",
        },
        f"registry_unit u WHERE {_AGENCY}",
    ),
    (
        "cases_case",
        {
            "id": "p.id", "scheme": "'dispatch'", "year": "2024", "subject": "p.uscc", "round": "1", "name": "p.name",
            "office_id": "p.office_id", "city_office_id": "p.city_office_id", "amount": "p.amount",
            "fingerprint": "sha256(p.uscc::bytea)", "head": "sha256(p.uscc::bytea)", "seq": "1", "status": "'paid'",
        },
        "dispatch_application p",
    ),
    (
        "money_payment",
        {
            "id": "p.id", "payment_no": "'ZF' || p.id", "case_id": "p.id", "batch_id": "%(batch)s", "scheme": "'dispatch'",
            "year": "2024", "subject": "p.uscc", "attempt": "1", "name": "p.name", "office_id": "p.office_id",
            "city_office_id": "p.city_office_id", "amount": "p.amount", "account_kind": "'corporate'",
            "status": "'paid'", "sent_on": "date '2024-06-20'", "paid_on": "date '2024-06-28'",
        },
        "dispatch_application p",
    ),
    (
        "law_deadline",
        {
            "id": "p.id", "kind": "'dispatch.forwarding'", "key": "p.id::text", "start_on": "date '2024-06-28'",
            "days": "30", "due_on": "(ARRAY[date '2024-08-09', '2026-12-30', '2027-06-30'])[1 + p.id %% 3]",
        },
        "dispatch_application p",
    ),
    (
        "dispatch_share",
        {
            "id": "p.id * 10 + n", "application_id": "p.id", "version": "1", "kind": "'host'",
            "host_uscc": "'9133' || lpad((p.id * 10 + n)::text, 14, '0')", "host_name": "'示例用工'", "workers": "1",
            "premium": "1000", "ratio": "0.6", "amount": "600", "live": "true",
        },
        "dispatch_application p, generate_series(0, 9) n",
    ),
    (
        "dispatch_obligation",
        {
            "id": "s.id", "share_id": "s.id", "payment_id": "p.id", "deadline_id": "p.id", "uscc": "p.uscc",
            "name": "p.name", "year": "2024", "host_uscc": "s.host_uscc", "host_name": "s.host_name",
            "region": "p.region", "office_id": "p.office_id", "city_office_id": "p.city_office_id", "amount": "600",
            "credited_on": "date '2024-06-28'", "due_on": "d.due_on",
            "status": "CASE WHEN s.id %% 10 < 5 THEN 'settled' WHEN s.id %% 10 = 9 AND d.due_on < '2025-01-01'"
            " THEN 'claimed' ELSE 'open' END",
            "verified": "CASE WHEN s.id %% 10 < 5 THEN 600 ELSE 0 END",
            "pending": "CASE WHEN s.id %% 10 = 5 THEN 600 WHEN s.id %% 10 = 6 THEN 100 ELSE 0 END",
            "claimed": "CASE WHEN s.id %% 10 = 9 AND d.due_on < '2025-01-01' THEN 600 ELSE 0 END",
        },
        "dispatch_share s JOIN dispatch_application p ON p.id = s.application_id JOIN law_deadline d ON d.id = p.id",
    ),
    (
        "dispatch_voucher",
        {
            "obligation_id": "o.id", "uscc": "o.uscc", "year": "2024", "host_uscc": "o.host_uscc", "region": "o.region",
            "office_id": "o.office_id", "city_office_id": "o.city_office_id",
            "amount": "CASE WHEN o.verified > 0 THEN o.verified ELSE o.pending END", "receipt_no": "'SL' || o.id",
            "channel": "'command'", "status": "CASE WHEN o.verified > 0 THEN 'verified' ELSE 'pending' END",
            "decided_at": "CASE WHEN o.verified > 0 THEN %(at)s::timestamptz END",
        },
        "dispatch_obligation o WHERE o.verified + o.pending > 0",
    ),
    (
        "cases_bar",
        {
            "uscc": "p.uscc", "scheme": "'dispatch'", "year": "2025", "reason": "'逾期未转付'",
            "status": "CASE WHEN p.id %% 2 = 0 THEN 'proposed' ELSE 'confirmed' END", "proposed_label": "'os:bench'",
            "decided_at": "CASE WHEN p.id %% 2 = 1 THEN %(at)s::timestamptz END", "decision_no": "'1'",
        },
        "dispatch_application p JOIN law_deadline d ON d.id = p.id WHERE d.due_on < '2025-01-01'",
    ),
    (
        "dispatch_finding",
        {
            "obligation_id": "o.id", "nth": "1", "cause": "'overdue'", "due_on": "o.due_on", "bar_year": "2025",
            "amount": "600", "bar_id": "b.id", "label": "'os:bench'",
        },
        "dispatch_obligation o JOIN cases_bar b ON b.uscc = o.uscc WHERE o.status = 'claimed'",
    ),
    # persons: every fifth unit's number makes one, with a certificate and a claim
    (
        "registry_worker",
        {
            "id_hash": "sha256(('p' || u.id)::bytea)", "id_type": "'resident_id'", "name": "'样例'",
            "card_hash": "sha256(('c' || u.id / 1000)::bytea)", "phone_hash": "sha256(('t' || u.id / 100)::bytea)",
        },
        "registry_unit u WHERE u.id %% 5 = 0",
    ),
    (
        "registry_certificate",
        {
            "cert_no": "'ZS' || u.id", "id_hash": "sha256(('p' || u.id)::bytea)", "cert_type": "'skill_level'",
            "occupation_code": "'6-31'", "occupation": "'电工'", "level": "3 + u.id / 5 %% 3",
            "issued_on": "date '2024-01-01' + (u.id %% 90)::int", "issuer": "'示例机构' || u.id %% 97",
        },
        "registry_unit u WHERE u.id %% 5 = 0",
    ),
    (
        "registry_workerinsurance",
        {
            "id_hash": "sha256(('p' || u.id)::bytea)", "uscc": "u.uscc", "period_from": "'2022-01'",
            "period_to": "'2024-12'",
        },
        "registry_unit u WHERE u.id %% 5 = 0",
    ),
    (
        "cases_case",
        {
            "id": "2 * %(above)s + u.id", "scheme": "'subsidies'", "year": "2024",
            "subject": "encode(sha256(('p' || u.id)::bytea), 'hex')", "round": "1", "name": "'样例'",
            "office_id": "u.office_id", "city_office_id": "u.city_office_id", "amount": "1500",
            "fingerprint": "sha256(u.uscc::bytea)", "head": "sha256(u.uscc::bytea)", "seq": "1",
            "status": "CASE WHEN u.id %% 3 = 0 THEN 'paid' ELSE 'opened' END",
        },
        "registry_unit u WHERE u.id %% 10 = 0",
    ),
    (
        "subsidies_claim",
        {
            "year": "2024", "channel": "'counter'", "id_hash": "w.id_hash", "name": "w.name", "region": "u.region",
            "office_id": "u.office_id", "city_office_id": "u.city_office_id", "policy_id": "%(subsidies)s",
            "cert_no": "t.cert_no", "applied_on": "date '2024-06-28'", "issued_on": "t.issued_on", "level": "t.level",
            "occupation_code": "t.occupation_code", "occupation": "t.occupation", "cert_type": "t.cert_type",
            "issuer": "t.issuer", "outcome": "g.outcome", "slot_year": "g.one * 2024", "slot": "g.one", "round": "g.one",
            "reasons": "CASE WHEN g.one IS NULL THEN ARRAY['insured_months_insufficient'] ELSE '{}' END",
            "amount": "coalesce(g.one * 500 * (7 - t.level), 0)", "held": "g.one IS NOT NULL", "case_id": "k.id",
            "signs": "CASE WHEN k.id %% 70 = 0 THEN ARRAY['phone_shared'] ELSE '{}' END",
        },
        "registry_unit u JOIN registry_certificate t ON t.cert_no = 'ZS' || u.id"
        " JOIN registry_worker w ON w.id_hash = t.id_hash LEFT JOIN cases_case k ON k.id = 2 * %(above)s + u.id"
        " CROSS JOIN LATERAL (SELECT CASE WHEN k.id IS NOT NULL OR u.id %% 4 = 1 THEN 1 END AS one) o"
        " CROSS JOIN LATERAL (SELECT o.one, CASE WHEN o.one = 1 THEN 'granted' ELSE 'refused' END AS outcome) g",
    ),
    (
        "cases_event",
        {
            "case_id": "c.id", "seq": "1", "step": "'open'", "to_status": "c.status", "at": _MOVED,
            "actor": "'os:bench'", "digest": "c.head",
        },
        "cases_case c WHERE c.scheme <> 'refunds' ORDER BY c.id",
    ),
)  # fmt: skip


def _filled(table: str, given: Mapping[str, str], source: str) -> str:
    """An INSERT that says something of every column that must hold something."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            " AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'",
            [table],
        )
        needed = dict(cursor.fetchall())
    columns = {**{name: _EMPTY.get(kind, "''") for name, kind in needed.items()}, **given}
    names = ", ".join(f'"{name}"' for name in columns)  # one of them is called "on"
    return f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())} FROM {source}"


def fill() -> None:
    """Make all of it in the present database, which holds a judged province and nothing else."""
    from caseworks.cases.models import Announcement
    from caseworks.law.models import Policy
    from caseworks.money.models import Batch
    from caseworks.people import offices
    from caseworks.people.models import Person
    from tests.bench.pages_data import AT

    office, signer = (
        offices.root(),
        Person.objects.create(username="bench-signer", full_name="示例", office=offices.root()),
    )
    in_force = {row.scheme: row.pk for row in Policy.objects.in_force().filter(year=2024, region="22")}
    refunds = Policy.objects.get(pk=in_force["refunds"])
    batch = Batch.objects.create(
        batch_no="PC1", scheme="refunds", year=2024, office=office, city_office=office, policy=refunds, status="drawn",
        lines=1, amount=1, drawn_by=signer, drawn_at=AT, drawn_on=AT.date(),
    )  # fmt: skip
    listed = Announcement.objects.create(
        scheme="refunds", year=2024, office=office, city_office=office, title="示例", days=5, count=1, total=1,
        drawn_label="示例", drawn_at=AT,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(id) + 1 FROM (SELECT id FROM refunds_assessment UNION SELECT id FROM registry_unit) r"
        )
        above = cursor.fetchone()[0]
        values = {**in_force, "at": AT, "batch": batch.pk, "announcement": listed.pk, "above": above}
        cursor.execute("SET session_replication_role = replica")  # the rows are invented, nobody signed for them
        for table, given, source in ROWS:
            cursor.execute(_filled(table, given, source), values)
        cursor.execute("UPDATE refunds_assessment SET case_id = id WHERE outcome = 'eligible' AND id %% 50 > 0", {})
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM (ANALYZE)")
