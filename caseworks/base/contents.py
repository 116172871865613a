"""What a scan or a picture must not be, told by its bytes: whole, no giant when unpacked, nothing that runs or hides in it.

A kind by its first bytes is not enough: a PDF may carry a script or an archive, a picture of a few hundred bytes may
unpack to gigabytes in the browser of whoever looks at it. Attached data (a bank's XBRL) is none of that and stays.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile

PIXELS = 120_000_000  # of a picture; a page of A4 at 600 dpi has 35 million, the large sensors of phones 108
_WHOLE = 4096  # bytes from which a PDF is looked at for its end
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_RUNS = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia)(?=[\s/(<\[>]|$)")
# Markers of a JPEG's frame header; C4, C8 and CC are none.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def problem(content: bytes, kind: str) -> str:
    """What is wrong with a file of a kind (MIME), in words; blank where nothing is."""
    if kind == "application/pdf":
        found = _of_pdf(content)
    elif kind == "image/png":
        found = _of_picture(_png_size(content), whole=b"IEND" in content[-4096:])
    elif kind == "image/jpeg":
        found = _of_picture(_jpeg_size(content), whole=b"\xff\xd9" in content[-65536:])
    else:
        return ""
    if not found and zipfile.is_zipfile(io.BytesIO(content)):
        return "文件中夹带压缩包"
    return found


def _of_pdf(content: bytes) -> str:
    if len(content) > _WHOLE and b"%%EOF" not in content[-2048:]:
        return "文件不完整"
    names = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content) if b"#" in content else content
    return "PDF 中含有脚本或可执行内容" if _RUNS.search(names) else ""


def _of_picture(size: tuple[int, int] | None, *, whole: bool) -> str:
    if size is None or not whole or not all(size):
        return "图片不完整或已损坏"
    width, height = size
    return f"图片尺寸过大（{width} × {height}）" if width * height > PIXELS else ""


def _png_size(content: bytes) -> tuple[int, int] | None:
    if content[12:16] != b"IHDR" or len(content) < 24:
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    place = 2
    while place + 4 <= len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
        elif marker in _ALONE:
            place += 2
        elif marker in _FRAMES:
            if place + 9 > len(content):
                return None
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return None
