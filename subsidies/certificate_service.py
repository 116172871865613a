"""The certificate registry asked over HTTP: settings.CERTIFICATE_SOURCE = "subsidies.certificate_service.over_http".

POST to CERTIFICATE_URL, signed with CERTIFICATE_SECRET; its answer must be signed with the same secret (docs/operations.md).
Whatever comes back is an answer that is kept; one that does not come, or that is not the source's, is kept as that.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from caseworks.base.enums import CertificateType
from caseworks.base.notices.gateways import Answered, posted
from caseworks.base.notices.signing import holds
from caseworks.base.sheets import values
from caseworks.base.sheets.errors import BadValue
from subsidies.lookups import Answer

_TEXTS = {"occupation_code": 40, "occupation": 100, "issuer": 200, "cert_type": 24}


def over_http(id_no: str, cert_no: str) -> Answer:
    """What the certificate registry answers of a certificate; never raises for what the other side does."""
    host = urlsplit(settings.CERTIFICATE_URL).hostname or ""
    source = f"证书查询接口 {host}"[:200]
    asked = {"id_no": id_no, "cert_no": cert_no, "key": secrets.token_hex(16)}
    try:
        answered = posted(
            settings.CERTIFICATE_URL, json.dumps(asked, ensure_ascii=False).encode(), asked["key"],
            secret=settings.CERTIFICATE_SECRET, seconds=settings.CERTIFICATE_TIMEOUT, setting="CASEWORKS_CERTIFICATE",
        )  # fmt: skip
    except (OSError, http.client.HTTPException) as error:
        return Answer(source, False, problem=f"没有应答（{type(error).__name__}），请稍后再次查询")
    problem = _problem(answered, asked["key"])
    if problem:
        return Answer(source, False, problem=problem)
    return _read(source, answered.said)


def _problem(answered: Answered, key: str) -> str:
    if not 200 <= answered.status < 300:
        return f"应答 {answered.status}，没有给出结果"
    right = holds(
        settings.CERTIFICATE_SECRET, answered.body, time=answered.time, given=answered.signature, now=int(time.time())
    )
    if not right:
        return "应答的签名不符，没有采用"
    return "" if answered.said.get("key") == key else "应答不是对本次查询的，没有采用"


def _read(source: str, said: dict[str, Any]) -> Answer:
    if said.get("found") is False:
        return Answer(source, False)
    texts = {name: said.get(name, "") for name in _TEXTS}
    level, issued_on = said.get("level"), said.get("issued_on")
    wrong = [name for name, text in texts.items() if not isinstance(text, str) or len(text) > _TEXTS[name]]
    if said.get("found") is not True:
        wrong.append("found")
    if texts["cert_type"] not in ("", *CertificateType.values):
        wrong.append("cert_type")
    if not isinstance(level, int) or isinstance(level, bool) or not 1 <= level <= 5:
        wrong.append("level")
    try:
        values.date(str(issued_on))
    except BadValue:
        wrong.append("issued_on")
    if wrong or not isinstance(level, int):
        return Answer(source, False, problem=f"应答的内容不合约定（{'、'.join(wrong)}），没有采用")
    return Answer(source, True, level=level, issued_on=str(issued_on), **texts)
