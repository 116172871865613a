"""The pictures of the docs: there, small, said to be synthetic, and reduced without a change of what they show."""

from __future__ import annotations

import struct
import sys
import zlib
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BASE_DIR / "script"))
import screenshots  # noqa: E402


def test_every_picture_is_small_and_shown_by_both_readmes() -> None:
    names = [shot.name for shot in screenshots.SHOTS]
    for readme, words in (("README.md", "ynthetic data"), ("README.zh.md", "虚构数据")):
        text = (BASE_DIR / readme).read_text(encoding="utf-8")
        assert [name for name in names if f"docs/images/{name}.png" not in text] == []
        assert text.count(words) >= len(names)
    sizes = {name: (screenshots.IMAGES / f"{name}.png").stat().st_size for name in names}
    assert {name: size for name, size in sizes.items() if size >= screenshots.LIMIT} == {}


def written(width: int, rows: list[bytes], kind: int) -> bytes:
    """A PNG of three bytes a colour whose lines say that they are filtered so."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"".join(bytes([kind]) + row for row in rows))),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def test_a_picture_is_read_through_each_filter_and_written_with_a_palette() -> None:
    red, blue = b"\xff\x00\x00", b"\x00\x00\xff"
    assert screenshots.decoded(written(2, [red + blue, blue + red], 0)) == (2, 2, [red, blue, blue, red])
    assert screenshots.decoded(written(2, [red + b"\x01\x00\x00"], 1))[2] == [red, b"\x00\x00\x00"]
    assert screenshots.decoded(written(1, [red, b"\x01\x00\x00"], 2))[2] == [red, b"\x00\x00\x00"]
    assert screenshots.decoded(written(1, [b"\x80\x00\x00", b"\x00\x00\x00"], 3))[2][1] == b"\x40\x00\x00"
    assert screenshots.decoded(written(1, [red, b"\x00\x00\x00"], 4))[2] == [red, red]
    small = screenshots.small(written(2, [red + blue, blue + red], 0))
    assert b"PLTE" in small
    head = small.index(b"IHDR")
    assert struct.unpack(">IIBB", small[head + 4 : head + 14]) == (2, 2, 8, 3)
