"""Files that people hand in, and papers that are made: looked at, kept, given out again.

    accepted = files.accept(request.FILES["file"], kinds=files.SCANS)      # Refusal where it is not what it should be
    stored = files.store(accepted, label=by.label, at=at)                  # joins the caller's transaction
    return files.serve(stored)                                             # after the view's own look at the scope

What a file is, is told by its content and not by its name. Content lies under its digest outside the web root.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Protocol, TypeVar, cast

import filetype
from csp.decorators import csp_update
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.module_loading import import_string

from caseworks.base import contents
from caseworks.base.errors import Refusal
from caseworks.base.models import StoredFile

PDF, JPG, PNG = "application/pdf", "image/jpeg", "image/png"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SCANS = frozenset({PDF, JPG, PNG})
EVIDENCE = SCANS | {XLSX}
_ENDINGS = {PDF: ".pdf", JPG: ".jpg", PNG: ".png", XLSX: ".xlsx"}
_WORDS = {PDF: "PDF", JPG: "JPG", PNG: "PNG", XLSX: "xlsx"}
_FOLDER = "files"
_OPENED = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors"
_log = logging.getLogger(__name__)


View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class Uploaded(Protocol):
    """A file as a form hands it over."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int | None: ...

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class Accepted:
    """A file that was looked at: its content, its name for people, its type (MIME) and digest."""

    content: bytes
    name: str
    type: str
    sha256: str


def limit() -> int:
    """How many bytes a file may have."""
    return int(settings.ATTACHMENT_LIMIT)


def accept(uploaded: Uploaded, kinds: Collection[str] = EVIDENCE, *, most: int | None = None) -> Accepted:
    """Look at a file: `kinds` are the types allowed, `most` its bytes (default: settings.ATTACHMENT_LIMIT).

    Refusal where it is too large, empty, of another kind, broken or harmful (`contents`), or where the scanner of
    settings.FILE_SCANNER finds something.
    """
    name, most = _name_of(uploaded.name or "未命名"), most or limit()
    if (uploaded.size or 0) > most:
        raise Refusal(f"“{name}”超过 {_megabytes(most)} MB，没有保存。请压缩或拆分后重新上传。")
    content = uploaded.read()
    found = filetype.guess(content) if content else None
    if found is None or found.mime not in kinds:
        words = [_WORDS.get(kind, kind) for kind in sorted(kinds, key=list(_WORDS).index)]
        allowed = "、".join(words[:-1]) + (" 或 " if len(words) > 1 else "") + words[-1]
        raise Refusal(f"“{name}”不是可用的 {allowed} 文件（按内容识别），没有保存。请换一个文件。")
    wrong = contents.problem(content, found.mime)
    if wrong:
        raise Refusal(f"“{name}”没有保存：{wrong}。请重新扫描、拍照或导出后上传。")
    scanner: Callable[[bytes], str] = import_string(settings.FILE_SCANNER)
    threat = scanner(content)
    if threat:
        _log.warning("a file handed in was refused by the scanner: %s", threat)
        raise Refusal(f"“{name}”未通过安全检查（{threat}），没有保存。请检查电脑后换一个文件。")
    return Accepted(content, _ended(name, found.mime), found.mime, hashlib.sha256(content).hexdigest())


def made(content: bytes, name: str, kind: str = PDF) -> Accepted:
    """A file of our own making."""
    return Accepted(content, _name_of(name), kind, hashlib.sha256(content).hexdigest())


def store(accepted: Accepted, *, label: str, at: datetime) -> StoredFile:
    """Keep a file and record it; joins the caller's transaction. What is rolled back leaves content that nobody names."""
    digest = accepted.sha256
    wanted = f"{_FOLDER}/{digest[:2]}/{digest}{_ENDINGS.get(accepted.type, '')}"
    # The same content is kept once, unless a writer died over it.
    if default_storage.exists(wanted) and default_storage.size(wanted) == len(accepted.content):
        path = wanted
    else:
        path = default_storage.save(wanted, ContentFile(accepted.content))
    return StoredFile.objects.create(
        name=accepted.name,
        type=accepted.type,
        size=len(accepted.content),
        sha256=digest,
        path=path,
        made_by_label=label[:200],
        made_at=at,
    )


def content_of(stored: StoredFile) -> bytes:
    """The content of a file, compared with its digest; Refusal where it is missing or not what was kept."""
    try:
        with default_storage.open(stored.path) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        _log.error("file %s is missing at %s", stored.pk, stored.path)
        raise Refusal(f"“{stored.name}”的内容已找不到，请联系系统管理员从备份恢复。") from None
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        _log.error("file %s at %s has another digest than recorded", stored.pk, stored.path)
        raise Refusal(f"“{stored.name}”的内容与记录的摘要不符，请联系系统管理员从备份恢复。")
    return content


def serve(stored: StoredFile, *, attachment: bool | None = None, framed: bool = False) -> HttpResponse:
    """The file as a response: PDF and pictures open in the browser, all else (or `attachment=True`) is taken away.

    `framed` lets a page of ours show it inside itself (`framing` marks that page's view). Who may have it is the
    calling view's question. 404 where the content is damaged (told to the log).
    """
    try:
        content = content_of(stored)
    except Refusal as refusal:
        raise Http404(refusal.message) from refusal
    taken = stored.type not in SCANS if attachment is None else attachment
    response = HttpResponse(content, content_type=stored.type)
    response["Content-Disposition"] = content_disposition_header(taken, stored.name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    # Browsers show a PDF by a viewer of their own, which a sandbox keeps from starting.
    opened = stored.type == PDF and not taken
    around = "'self'" if framed else "'none'"
    response["Content-Security-Policy"] = (
        f"{_OPENED} {around}" if opened else f"default-src 'none'; sandbox; frame-ancestors {around}"
    )
    response["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
    return response


def give(accepted: Accepted) -> HttpResponse:
    """A paper that is made anew each time, opened in the browser; nothing of it is kept."""
    response = HttpResponse(accepted.content, content_type=accepted.type)
    response["Content-Disposition"] = content_disposition_header(False, accepted.name) or "inline"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["Content-Security-Policy"] = f"{_OPENED} 'none'"
    return response


def framing(view: View) -> View:
    """A view whose page shows files of ours inside itself."""
    return cast(View, csp_update({"frame-src": ["'self'"]})(view))


def _name_of(name: str) -> str:
    """The last part of a name, its ending kept where it is cut."""
    shown = "".join(letter for letter in name if letter.isprintable())  # nothing that turns the rest of a name around
    path = PurePath(shown.replace("\\", "/"))
    return path.stem[: 200 - len(path.suffix[:10])] + path.suffix[:10] if path.name else "未命名"


def _ended(name: str, kind: str) -> str:
    """A name whose ending belongs to another kind gets the right one behind it."""
    ending = PurePath(name).suffix.lower()
    fits = ending in ("", _ENDINGS.get(kind, ending)) or (kind == JPG and ending == ".jpeg")
    return name if fits else name + _ENDINGS[kind]


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:.1f}".removesuffix(".0")
