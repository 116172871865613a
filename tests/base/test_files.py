"""Files handed in: known by their content, kept under their digest, given out without being run."""

from __future__ import annotations

import datetime as dt
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.http import Http404

from caseworks.base import files
from caseworks.base.errors import Refusal
from caseworks.base.models import StoredFile

PDF = b"%PDF-1.7 proof"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
AT = dt.datetime(2024, 7, 1, 9, tzinfo=dt.UTC)


def handed(data: bytes, name: str = "年报.pdf") -> ContentFile:
    return ContentFile(data, name=name)


def stored(data: bytes = PDF, name: str = "年报.pdf") -> StoredFile:
    return files.store(files.accept(handed(data, name)), label="clerk", at=AT)


@pytest.mark.parametrize(
    ("name", "data", "kinds", "words"),
    [
        ("年报.pdf", b"MZ\x90\x00 a program", files.SCANS, "不是可用的 PDF、JPG 或 PNG 文件（按内容识别），没有保存"),
        ("空.pdf", b"", files.EVIDENCE, "不是可用的 PDF、JPG、PNG 或 xlsx 文件"),
        ("图.pdf", PNG, {files.PDF}, "不是可用的 PDF 文件"),
        ("大.pdf", PDF + bytes(10 * 1024 * 1024), files.SCANS, "“大.pdf”超过 10 MB，没有保存"),
    ],
)
def test_what_is_not_as_it_says_is_refused(name: str, data: bytes, kinds: Any, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        files.accept(handed(data, name), kinds)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("..\\..\\年报.pdf", "年报.pdf"),
        ("/etc/passwd", "passwd"),
        ("报" * 300 + ".pdf", "报" * 196 + ".pdf"),
        ("", "未命名"),
    ],
)
def test_a_name_is_for_people_only(name: str, kept: str) -> None:
    assert files.accept(handed(PDF, name)).name == kept


@pytest.mark.django_db
def test_the_same_content_is_kept_once_and_recorded_each_time() -> None:
    first, second = stored(), stored(name="again.pdf")
    assert first.path == second.path
    assert [row.name for row in StoredFile.objects.order_by("pk")] == ["年报.pdf", "again.pdf"]
    assert first.path.startswith(f"files/{first.sha256[:2]}/")
    assert files.content_of(second) == PDF


@pytest.mark.django_db
def test_content_that_a_dead_writer_left_half_is_not_taken_for_whole() -> None:
    accepted = files.accept(handed(b"%PDF-1.7 half written"))
    default_storage.save(f"files/{accepted.sha256[:2]}/{accepted.sha256}.pdf", ContentFile(b"%PDF"))
    assert files.content_of(files.store(accepted, label="clerk", at=AT)) == b"%PDF-1.7 half written"


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"name": "else.pdf"}, None])
def test_a_record_is_never_changed(change: dict[str, str] | None) -> None:
    row = stored()
    rows = StoredFile.objects.filter(pk=row.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(**change) if change else rows.delete()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("attachment", "disposition", "policy"),
    [(None, "inline", "object-src 'self'"), (True, "attachment", "sandbox")],
)
def test_a_file_is_shown_and_never_run(attachment: bool | None, disposition: str, policy: str) -> None:
    response = files.serve(stored(), attachment=attachment)
    assert response.content == PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"].startswith(disposition)
    assert policy in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
def test_a_file_that_was_changed_on_disk_is_not_given_out() -> None:
    row = stored(b"%PDF-1.7 to be changed")
    with open(default_storage.path(row.path), "ab") as file:
        file.write(b"x")
    with pytest.raises(Http404, match="摘要不符"):
        files.serve(row)


class Daemon(socketserver.BaseRequestHandler):
    """As ClamAV's daemon answers INSTREAM."""

    def handle(self) -> None:
        assert self._take(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(self._take(4), "big"):
            content += self._take(size)
        self.request.sendall(b"stream: Eicar FOUND\0" if b"EICAR" in content else b"stream: OK\0")

    def _take(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += self.request.recv(size - len(found))
        return found


@pytest.fixture
def daemon() -> Iterator[str]:
    with socketserver.TCPServer(("127.0.0.1", 0), Daemon) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_the_scanner_of_the_settings_is_asked(daemon: str, settings: Any) -> None:
    settings.FILE_SCANNER, settings.CLAMD = "caseworks.base.scanners.clamd", daemon
    assert files.accept(handed(PDF + bytes(200_000) + b"%%EOF")).type == "application/pdf"
    with pytest.raises(Refusal, match="未通过安全检查（Eicar），没有保存"):
        files.accept(handed(PDF + b" EICAR"))


def test_a_scanner_that_cannot_be_reached_lets_nothing_in(settings: Any) -> None:
    settings.FILE_SCANNER, settings.CLAMD = "caseworks.base.scanners.clamd", "/nowhere/clamd.sock"
    with pytest.raises(Refusal, match="暂时无法使用，文件没有保存"):
        files.accept(handed(PDF))
