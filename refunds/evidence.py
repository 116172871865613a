"""Evidence files of determinations: what they are is told by their content, not by their name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePath
from typing import Protocol

import filetype
from django.core.files.base import ContentFile

from caseworks.base.errors import Refusal

LIMIT = 10 * 1024 * 1024
KINDS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


class Handed(Protocol):
    """A file as a form hands it over."""

    name: str | None
    size: int

    def read(self) -> bytes: ...


@dataclass(frozen=True)
class Evidence:
    """A file that was looked at: its content, its name for people, its type and digest."""

    content: ContentFile
    name: str
    type: str
    sha256: str


def accept(file: Handed) -> Evidence:
    """Look at a file; Refusal where it is too large, empty, or not what it says."""
    name = PurePath(file.name or "").name[:200]
    if file.size > LIMIT:
        raise Refusal(f"“{name}”超过 {LIMIT // 1024 // 1024} MB，没有保存。请压缩或拆分后重新上传。")
    data = file.read()
    found = filetype.guess(data) if data else None
    if found is None or found.mime not in KINDS:
        raise Refusal(f"“{name}”不是可用的 PDF、JPG、PNG 或 xlsx 文件（按内容识别），没有保存。请换一个文件。")
    digest = hashlib.sha256(data).hexdigest()
    return Evidence(ContentFile(data, name=digest[:32] + KINDS[found.mime]), name, found.mime, digest)
