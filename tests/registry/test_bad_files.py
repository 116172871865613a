"""Files that are refused as a whole: in words, with nothing stored. (issue: bad input)"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from caseworks.base.sheets.errors import UnreadableFile
from caseworks.people.models import Office
from caseworks.registry import imports
from caseworks.registry.enums import FileKind
from caseworks.registry.models import ImportFile, Unit
from tests.registry.support import AT, OPERATOR

pytestmark = pytest.mark.django_db
HEADER = "uscc,name,unit_type,region,status,insured_from\r\n"
ROW = "91220102XNDP8LW13M,长春示例商贸有限公司,enterprise,220102,active,2015-03-01\r\n"
ROW2 = ROW.replace("91220102XNDP8LW13M", "91220102XN8JCHX162")


def bomb() -> bytes:
    from io import BytesIO

    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (40 << 20))
    return buffer.getvalue()


def workbook(cut: int = 0) -> bytes:
    from io import BytesIO

    book = openpyxl.Workbook()
    sheet = book.active
    for line in (HEADER + ROW).splitlines():
        sheet.append(line.split(","))
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()[: len(buffer.getvalue()) - cut]


MIXED = (HEADER + ROW).encode() + ROW2.encode("gb18030")
CASES: list[tuple[str, str, bytes, str]] = [
    ("empty", "units.csv", b"", "空文件"),
    ("only a BOM and line breaks", "units.csv", b"\xef\xbb\xbf\r\n\r\n", "没有内容"),
    ("a cut line", "units.csv", (HEADER + ROW + ROW2[:36]).encode(), "中断"),
    ("an open quotation", "units.csv", (HEADER + ROW + ROW2.replace("长春", '"长春')).encode(), "中断"),
    ("a cut character", "units.csv", (HEADER + ROW2).encode()[:-40] + "春".encode()[:2], "中断"),
    ("two encodings", "units.csv", MIXED, "混用了两种编码：第2行是 UTF-8，第3行不是"),
    ("two encodings, BOM", "units.csv", b"\xef\xbb\xbf" + MIXED, "混用了两种编码"),
    (
        "two encodings, short cells",
        "units.csv",
        (HEADER + ROW2.replace("长春示例商贸有限公司", "李四光")).encode() + ROW2.encode("gb18030"),
        "混用了两种编码",
    ),
    ("neither encoding", "units.csv", HEADER.encode() + "Société\r\n".encode("latin-1"), "既不是 UTF-8 也不是 GB18030"),
    ("UTF-16", "units.csv", (HEADER + ROW).encode("utf-16"), "UTF-16"),
    ("not text", "units.csv", b"uscc\x00\x01\x02,name\n", "不是文本文件"),
    ("a PNG", "units.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "不是文本文件"),
    ("old Excel", "units.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "旧版 Excel"),
    ("a workbook called CSV", "units.csv", workbook(), "扩展名是 .csv"),
    ("a CSV called workbook", "units.xlsx", (HEADER + ROW).encode(), "不是 Excel 工作簿"),
    ("a cut workbook", "units.xlsx", workbook(cut=300), "不完整"),
    ("a bomb", "units.xlsx", bomb(), "压缩炸弹"),
    ("semicolons", "units.csv", (HEADER + ROW).replace(",", ";").encode(), "只有一列"),
    ("a column twice", "units.csv", (HEADER.strip() + ",单位名称\r\n").encode(), "表头重复"),
    ("a missing column", "units.csv", b"uscc,name\r\n", "缺少必需的列：unit_type（单位类型）、region"),
]


@pytest.mark.parametrize(("name", "content", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refused_in_words(bureau: Office, tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=words) as caught:
        imports.load(path, FileKind.UNITS, OPERATOR, AT)
    assert "未导入任何内容" in str(caught.value)
    assert not Unit.objects.exists()
    record = ImportFile.objects.get()
    assert (record.run.state, record.read, record.stored) == ("refused", 0, 0)


WHOLE: list[tuple[str, Callable[[], bytes]]] = [
    ("LF, no line break at the end", lambda: (HEADER + ROW + ROW2).replace("\r\n", "\n").rstrip("\n").encode()),
    ("BOM", lambda: b"\xef\xbb\xbf" + (HEADER + ROW + ROW2).encode()),
    ("GB18030", lambda: (HEADER + ROW + ROW2).encode("gb18030")),
    ("blank lines and rows", lambda: (HEADER + "\r\n" + ROW + ",,,,,\r\n" + ROW2 + "\r\n\r\n").encode()),
    ("cells left out at the end of a row", lambda: (HEADER.strip() + ",size,phone\r\n" + ROW + ROW2).encode()),
]


@pytest.mark.parametrize("content", [case[1] for case in WHOLE], ids=[case[0] for case in WHOLE])
def test_taken_whole(bureau: Office, tmp_path: Path, content: Callable[[], bytes]) -> None:
    path = tmp_path / "units.csv"
    path.write_bytes(content())
    assert imports.load(path, FileKind.UNITS, OPERATOR, AT).summary_line.endswith(
        "2 read, 2 stored, 0 rejected, 0 unchanged"
    )
    assert Unit.objects.filter(name="长春示例商贸有限公司").count() == 2


@pytest.mark.parametrize(
    "cell", ["姓名".encode(), b"\xe1\xaf\xb7\xe1\xb6\xa1", "吉林省".encode()[:6], "岑公祠".encode("gb18030")]
)
def test_a_cell_of_gb18030_that_reads_as_utf8_by_chance_refuses_nothing(
    bureau: Office, tmp_path: Path, cell: bytes
) -> None:
    """Three characters of GB18030 (岑… among them) are two of UTF-8; a file of a million rows has such a name."""
    text = cell.decode("gb18030")
    assert len(text) == 3
    rows = (HEADER + ROW + ROW2).replace("长春示例商贸有限公司", text, 1).encode("gb18030")
    path = tmp_path / "units.csv"
    path.write_bytes(rows)
    assert imports.load(path, FileKind.UNITS, OPERATOR, AT).encoding == "gb18030"
    assert set(Unit.objects.values_list("name", flat=True)) == {text, "长春示例商贸有限公司"}


def test_a_long_number_in_a_number_cell_has_lost_its_digits(bureau: Office, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["uscc", "name", "unit_type", "region", "status", "insured_from"])
    sheet.append([911101020000000000, "示例", "enterprise", 220102, "active", "2015-03-01"])
    path = tmp_path / "units.xlsx"
    book.save(path)
    loaded = imports.load(path, FileKind.UNITS, OPERATOR, AT)
    rejected = loaded.rejected_rows.get()
    assert (rejected.line, rejected.column) == (2, "uscc")
    assert "15位以后的数字已丢失" in rejected.reason


def test_unknown_names_and_missing_files_are_usage_errors(bureau: Office, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n")
    for argument in (tmp_path / "other.csv", tmp_path / "nowhere"):
        with pytest.raises(CommandError) as caught:
            call_command("import_data", str(argument))
        assert caught.value.returncode == 2
    call_command("import_data", str(tmp_path))
    assert not ImportFile.objects.exists()


def test_before_setup_an_import_is_refused(db: None, tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(HEADER + ROW)
    with pytest.raises(CommandError) as caught:
        call_command("import_data", str(tmp_path))
    assert caught.value.returncode == 1
    assert "setup" in str(caught.value)


def test_an_errors_file_goes_when_nothing_is_rejected_any_more(bureau: Office, tmp_path: Path) -> None:
    path = tmp_path / "units.csv"
    errors = tmp_path / "units.csv.errors.csv"
    path.write_text(HEADER + ROW.replace("220102,active", "=1+1,active"), newline="")
    call_command("import_data", str(path))
    assert errors.read_bytes().startswith(b"\xef\xbb\xbfline,column,value,reason\r\n2,region,=1+1,")
    path.write_text(HEADER + ROW, newline="")
    call_command("import_data", str(path))
    assert not errors.exists()
