"""What a policy row says against the one before it, and the fingerprint of what was shown (N2.7)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from caseworks.law.enums import PolicyStatus
from caseworks.law.figures import Figure
from caseworks.law.models import Policy
from caseworks.law.schemes import parameters_of


def previous(policy: Policy) -> Policy | None:
    """The row that counted before: of this region and year up to its first day, or else that of the year before."""
    rows = Policy.objects.exclude(pk=policy.pk).exclude(status=PolicyStatus.DRAFT)
    rows = rows.filter(scheme=policy.scheme, region=policy.region, year__lte=policy.year)
    same_year = rows.filter(year=policy.year, effective_from__lte=policy.effective_from)
    found = same_year.order_by("-effective_from", "-version").first()
    return found or rows.filter(year__lt=policy.year).order_by("-year", "-effective_from", "-version").first()


@dataclass(frozen=True)
class Difference:
    """One thing in which two rows differ, as shown."""

    name: str
    label: str
    before: str
    after: str
    clause: str = ""


def differences(policy: Policy, other: Policy | None) -> list[Difference]:
    """In what the row differs from another: its dates, documents and figures."""
    typed = parameters_of(policy.scheme)
    labels = typed.labels()
    old, new = other.figures_dict() if other else {}, policy.figures_dict()
    heads = [("effective_from", "施行起"), ("effective_to", "受理止")]
    rows = [Difference(n, words, _text(other, n), _text(policy, n)) for n, words in heads]
    rows.append(Difference("documents", "文件", _documents(other), _documents(policy)))
    for name in [*new, *(n for n in old if n not in new)]:
        before, after = old.get(name), new.get(name)
        clause = (after or before or _NO_FIGURE).clause
        shown = (typed.shown(before) if before else "—", typed.shown(after) if after else "—")
        rows.append(Difference(name, labels.get(name, name), shown[0], shown[1], clause))
    return [row for row in rows if row.before != row.after]


_NO_FIGURE = Figure("", "text")


def _text(policy: Policy | None, name: str) -> str:
    value = getattr(policy, name) if policy else None
    return str(value) if value else "—"


def _documents(policy: Policy | None) -> str:
    return "、".join(policy.document_numbers) if policy and policy.document_numbers else "—"


def fingerprint(policy: Policy) -> str:
    """What was shown is what is signed: a digest over everything that counts in the row."""
    content: list[Any] = [policy.pk, policy.title, policy.documents, policy.note, policy.drafted_label]
    content += [str(policy.effective_from), str(policy.effective_to)]
    content += [[f.name, f.shown, f.text, str(f.number), f.clause, f.note] for f in policy.figures_dict().values()]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
