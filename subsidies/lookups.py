"""Looking a certificate up, and keeping the evidence: when, of which source, what it answered (J3.1).

The source is an adapter named in settings (CERTIFICATE_SOURCE): a function `(id_no, cert_no) -> Answer`. The one that
comes along answers from the certificate registry's imported files; `certificate_service.over_http` asks the registry.
A source is asked outside transactions: it may be slow, and what it answers is kept with the claim.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from caseworks.base.sealed import lookup_hash
from caseworks.people.actors import Actor
from caseworks.registry.enums import FileKind
from caseworks.registry.models import Certificate, ImportFile
from subsidies.models import Claim, Lookup


@dataclass(frozen=True)
class Answer:
    """What a source says of a certificate; blank where it says nothing."""

    source: str
    found: bool
    occupation_code: str = ""
    occupation: str = ""
    level: int = 0
    issued_on: str = ""
    issuer: str = ""
    cert_type: str = ""
    problem: str = ""  # why there is no answer


Adapter = Callable[[str, str], Answer]


def from_files(id_no: str, cert_no: str) -> Answer:
    """The answer of the imported certificates; the source is the last file that was imported."""
    latest = ImportFile.objects.filter(kind=FileKind.CERTIFICATES, finished_at__isnull=False).order_by("-pk").first()
    source = f"证书登记导入文件 {latest.name}（{latest.sha256[:12]}）" if latest else "证书登记导入文件（尚未导入）"
    row = Certificate.objects.filter(cert_no=cert_no, id_hash=lookup_hash(id_no)).first()
    if row is None:
        return Answer(source, False)
    return Answer(
        source, True, row.occupation_code, row.occupation, row.level, row.issued_on.isoformat(), row.issuer,
        row.cert_type,
    )  # fmt: skip


def ask(id_no: str, cert_no: str) -> Answer:
    """Ask the source that settings name."""
    adapter: Adapter = import_string(settings.CERTIFICATE_SOURCE)
    return adapter(id_no, cert_no)


def keep(
    answer: Answer, id_no: str, cert_no: str, *, by: Actor, at: datetime.datetime, claim: Claim | None = None
) -> Lookup:
    """Keep what a source answered; joins the caller's transaction."""
    said = asdict(answer)
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return Lookup.objects.create(
        claim=claim, id_hash=lookup_hash(id_no), id_no=id_no, cert_no=cert_no, source=answer.source, found=answer.found,
        answer=said, digest=hashlib.sha256(text.encode()).digest(), person=by.person, label=by.label, at=at,
    )  # fmt: skip
