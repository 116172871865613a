"""What a file is, before a row of it is read: its kind, encoding, size and digest; anything else is refused in words."""

from __future__ import annotations

import codecs
import hashlib
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from caseworks.base.sheets.errors import UnreadableFile

BLOCK = 1 << 20
UNPACKED_LIMIT = 512 << 20  # bytes of a workbook, unpacked
PACKING_LIMIT = 200  # times that a large part of a workbook may be packed
_LARGE_PART = 10 << 20
SPAN_LIMIT = 16_000_000  # cells that a sheet may span without holding about as many
SPAN_MOST = 60_000_000
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,7})([0-9]{1,9})["']""")
_FAR = re.compile(rb"""\sr\s*=\s*["'](?:[A-Za-z]{2}|[A-Za-z]?[0-9]{6})""")
_WIDE = re.compile(rb"""\sr\s*=\s*["'](?:[A-Za-z]{2}|[A-Za-z]?[0-9]{8})""")
_NOTHING = "未导入任何内容。"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CERTAIN = 4  # ideographs
_IDEOGRAPH = re.compile("[\u4e00-\u9fff]")
_CHINESE = re.compile("[\x00-\x7f·\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Opened:
    """A file that can be read: `xlsx`, or text in an encoding."""

    path: Path
    form: str
    encoding: str
    size: int
    sha256: str


def inspect(path: Path, watch: Callable[[int], None] = lambda size: None) -> Opened:
    """Read the file once: is it what its name says, whole, and in one encoding? (contract section 1)"""
    try:
        with path.open("rb") as stream:
            start = stream.read(8)
    except OSError as error:
        raise UnreadableFile(f"无法打开文件 {path.name}：{error.strerror}。{_NOTHING}") from error
    if not start:
        raise UnreadableFile(f"{path.name} 是空文件。{_NOTHING}请重新导出后再试。")
    suffix = path.suffix.lower()
    if start.startswith(_OLE):
        raise UnreadableFile(
            f"{path.name} 是旧版 Excel（.xls）或加密的文件。{_NOTHING}请另存为 .xlsx 或 CSV（UTF-8）后重试。"
        )
    if suffix == ".xlsx":
        if not start.startswith(_ZIP):
            raise UnreadableFile(
                f"{path.name} 不是 Excel 工作簿，或文件不完整。{_NOTHING}请用 Excel 另存为 .xlsx 后重试。"
            )
        _check_workbook(path)
        return Opened(path, "xlsx", "utf-8", path.stat().st_size, _digest(path))
    if suffix != ".csv":
        raise UnreadableFile(f"不支持的文件类型：{path.name}。{_NOTHING}请使用 .csv 或 .xlsx 文件。")
    if start.startswith(_ZIP):
        raise UnreadableFile(
            f"{path.name} 的扩展名是 .csv，内容却是压缩文件或工作簿。{_NOTHING}请改正扩展名，或另存为 CSV（UTF-8）。"
        )
    if start.startswith(_UTF16):
        raise UnreadableFile(f"{path.name} 的编码是 UTF-16。{_NOTHING}请另存为“CSV UTF-8”后重试。")
    return _inspect_text(path, watch)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _inspect_text(path: Path, watch: Callable[[int], None]) -> Opened:
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    size, blank, is_utf8, pending = 0, True, True, False
    with path.open("rb") as stream:
        bom = stream.read(3) == codecs.BOM_UTF8
        stream.seek(0)
        while block := stream.read(BLOCK):
            digest.update(block)
            size += len(block)
            if b"\x00" in block:
                raise UnreadableFile(f"{path.name} 不是文本文件（含有空字节）。{_NOTHING}请另存为 CSV（UTF-8）后重试。")
            blank = blank and not block.strip(b" \t\r\n,\xef\xbb\xbf")
            if is_utf8 and (pending or not block.isascii()):
                try:
                    decoder.decode(block)
                    pending = bool(decoder.getstate()[0])
                except UnicodeDecodeError:
                    is_utf8 = False
            watch(size)
    if blank:
        raise UnreadableFile(f"{path.name} 没有内容。{_NOTHING}请重新导出后再试。")
    if is_utf8 and pending:
        raise UnreadableFile(f"{path.name} 在一个字符中间中断，文件不完整。{_NOTHING}请重新导出后再试。")
    if is_utf8:
        return Opened(path, "csv", "utf-8-sig" if bom else "utf-8", size, digest.hexdigest())
    _check_gb18030(path, bom)
    return Opened(path, "csv", "gb18030", size, digest.hexdigest())


def _reads_as(part: bytes, encoding: str) -> str | None:
    try:
        return part.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_utf8_chinese(text: str) -> bool:
    """Whether a cell that GB18030 reads too is UTF-8 for certain: Chinese and nothing else, in four characters or more.

    A name of three characters in GB18030 may be two of UTF-8 by chance, about once in thirty thousand; four characters
    of UTF-8 are six of GB18030, and that does not happen in a file of millions of rows.
    """
    return _CHINESE.fullmatch(text) is not None and len(_IDEOGRAPH.findall(text)) >= _CERTAIN


def _check_gb18030(path: Path, bom: bool) -> None:
    """Every cell of a file that is not UTF-8 must be GB18030, and none UTF-8. (mixed encodings are refused)"""
    other, ours = 0, 1 if bom else 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            if line.isascii():
                continue
            for part in line.removeprefix(codecs.BOM_UTF8).split(b","):
                if part.isascii():
                    continue
                read, text = _reads_as(part, "gb18030"), _reads_as(part, "utf-8")
                if text is not None and (read is None or _is_utf8_chinese(text)):
                    ours = ours or number
                    continue
                other = other or number
                if read is None:
                    raise UnreadableFile(
                        f"{path.name} 第{number}行既不是 UTF-8 也不是 GB18030 编码，或在一个字符中间中断。"
                        f"{_NOTHING}请另存为“CSV UTF-8”后重试。"
                    )
            if other and ours:
                raise UnreadableFile(
                    f"{path.name} 混用了两种编码：第{ours}行是 UTF-8，第{other}行不是。{_NOTHING}请把整个文件另存为“CSV UTF-8”后重试。"
                )


def _check_span(name: str, stream: IO[bytes], size: int) -> None:
    """A sheet is unpacked from its first cell to its last: a lone cell far away would take all memory there is.

    Looked at closely where a cell lies beyond column Z, or a row beyond the hundred thousandth in a sheet too small for it.
    """
    far, rows, columns, before = (_FAR if size < SPAN_LIMIT else _WIDE), 0, b"", b""
    while block := stream.read(BLOCK):
        if far.search(before + block):
            found = set(_CELL.findall(before + block))
            rows = max(rows, max(int(row) for _, row in found))
            columns = max([columns, *{letters.upper() for letters, _ in found}], key=lambda one: (len(one), one))
        before = block[-32:]
    width = 0
    for letter in columns:
        width = width * 26 + letter - 64
    span = rows * max(width, 1)
    if span > SPAN_MOST or (span > SPAN_LIMIT and span > size // 2):
        raise UnreadableFile(
            f"{name} 的工作表延伸到第 {rows} 行第 {width} 列，内容却很少，无法读取。{_NOTHING}"
            "请删除多余的空行空列，或另存为 CSV 后重试。"
        )


def _check_workbook(path: Path) -> None:
    """A workbook must be whole, and must not unpack to more than a workbook would. (zip bombs are refused)"""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise UnreadableFile(f"{path.name} 不是 Excel 工作簿。{_NOTHING}请用 Excel 另存为 .xlsx 后重试。")
            unpacked = sum(part.file_size for part in parts)
            packed = any(
                part.file_size > _LARGE_PART and part.file_size > PACKING_LIMIT * max(part.compress_size, 1)
                for part in parts
            )
            if unpacked > UNPACKED_LIMIT or packed:
                raise UnreadableFile(
                    f"{path.name} 解压后过大（{unpacked >> 20} MB），疑似压缩炸弹。{_NOTHING}数据确实很多时请改用 CSV 文件。"
                )
            for part in parts:
                with archive.open(part) as stream:
                    _check_span(path.name, stream, part.file_size)  # any part may be the sheet: names are free
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise UnreadableFile(f"{path.name} 不完整、已损坏或已加密。{_NOTHING}请重新另存为 .xlsx 后重试。") from error
