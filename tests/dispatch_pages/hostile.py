"""Fifty files that somebody might hand in to do harm, made for a test; each as (name, content)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HTML = b"<!doctype html><script>alert(1)</script>"
PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
END = b"\n%%EOF\n"
HEADER = ("id_no", "employment_form", "period_from", "period_to", "premium_paid")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"


def packed(parts: dict[str, bytes], *, stored: bool = False) -> bytes:
    """An archive of these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def cell(place: str, text: str, formula: str = "") -> str:
    told = f"<f>{formula}</f>" if formula else ""
    return f'<c r="{place}" t="str">{told}<v>{text}</v></c>'


def workbook(rows: str, *, doctype: str = "", target: str = "worksheets/sheet1.xml", more: dict[str, bytes] | None = None,
             without: str = "") -> bytes:  # fmt: skip
    """A workbook whose first sheet has these rows of XML."""
    head = '<?xml version="1.0"?>'
    sheet = f'{head}{doctype}<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    types = f'{head}<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/></Types>'
    book = (
        f'{head}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>"
    )
    root = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
    rels = f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="{target}"/>'
    parts = {
        "[Content_Types].xml": types.encode(),
        "_rels/.rels": f'{head}<Relationships xmlns="{_RELS}">{root}</Relationships>'.encode(),
        "xl/workbook.xml": book.encode(),
        "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{_RELS}">{rels}</Relationships>'.encode(),
        f"xl/{target}": sheet.encode(),
        **(more or {}),
    }
    parts.pop(without, None)
    return packed(parts)


def header(extra: str = "") -> str:
    return "<row>" + "".join(cell(f"{chr(65 + place)}1", name) for place, name in enumerate(HEADER)) + f"{extra}</row>"


def png(width: int, height: int, *, whole: bool = True) -> bytes:
    """A picture that says to be so large, with hardly any content."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return head + body + (chunk(b"IEND", b"") if whole else b"")


def jpeg(width: int, height: int, *, whole: bool = True) -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    start = b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return start + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + bytes(64) + (b"\xff\xd9" if whole else b"")


_LAUGHS = '<!DOCTYPE w [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
_PASSWORDS = '<!ENTITY x SYSTEM "file:///etc/passwd">'
ENTITY = '<row r="1"><c r="A1" t="str"><v>&{};</v></c></row>'
FAR = '<row r="1048576"><c r = "XFD1048576"><v>1</v></c></row>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)

# Handed in where a scan is asked for: none of them is kept.
SCANS: dict[str, tuple[str, bytes]] = {
    "a program of Windows": ("回单.pdf", b"MZ\x90\x00" + bytes(200)),
    "a program of Linux": ("回单.pdf", b"\x7fELF\x02\x01\x01" + bytes(200)),
    "a program of the Mac": ("回单.jpg", b"\xcf\xfa\xed\xfe" + bytes(200)),
    "a shell script": ("回单.png", b"#!/bin/sh\nrm -rf /\n"),
    "a batch file behind two endings": ("回单.pdf.bat", b"@echo off\r\ndel *.*\r\n"),
    "a script of PHP": ("回单.php.jpg", b"<?php system($_GET['c']); ?>"),
    "a page": ("回单.pdf", HTML),
    "a page behind a mark of order": ("回单.pdf", b"\xef\xbb\xbf" + HTML),
    "a drawing with a script": ("回单.png", SVG),
    "a drawing packed": ("回单.jpg", b"\x1f\x8b\x08\x00" + bytes(64)),
    "a page before the PDF begins": ("回单.pdf", HTML + PDF + END),
    "an archive": ("回单.pdf", packed({"a.txt": b"a"})),
    "an archive behind a PDF": ("回单.pdf", PDF + END + packed({"a.exe": b"MZ"})),
    "an archive behind a picture": ("回单.png", png(10, 10) + packed({"a.exe": b"MZ"})),
    "an archive behind a photograph": ("回单.jpg", jpeg(10, 10) + packed({"a.jar": b"MZ"})),
    "a PDF with a script": ("回单.pdf", PDF + b"2 0 obj\n<</S/JavaScript/JS(app.alert(1))>>\nendobj" + END),
    "a PDF with a hidden script": ("回单.pdf", PDF + b"2 0 obj\n<</S/J#61vaScript /J#53(app.alert(1))>>\nendobj" + END),
    "a PDF that starts a program": ("回单.pdf", PDF + b"2 0 obj\n<</S/Launch/F(cmd.exe)>>\nendobj" + END),
    "a PDF with a film": ("回单.pdf", PDF + b"2 0 obj\n<</Subtype/RichMedia>>\nendobj" + END),
    "a PDF that was cut off": ("回单.pdf", PDF + bytes(9000)),
    "a picture of ten gigapixels": ("回单.png", png(100_000, 100_000)),
    "a picture wider than any": ("回单.png", png(0x7FFFFFFF, 1)),
    "a picture of no size": ("回单.png", png(0, 0)),
    "a photograph of four gigapixels": ("回单.jpg", jpeg(65_500, 65_500)),
    "a picture that was cut off": ("回单.png", png(10, 10, whole=False)),
    "a photograph that was cut off": ("回单.jpg", jpeg(10, 10, whole=False)),
    "the first bytes of a picture": ("回单.png", b"\x89PNG\r\n\x1a\n"),
    "the first bytes of a photograph": ("回单.jpg", b"\xff\xd8\xff"),
    "a workbook": ("回单.pdf", workbook(header())),
    "a document with macros": ("回单.pdf", OLE),
    "nothing": ("回单.pdf", b""),
    "nothing but noughts": ("回单.pdf", bytes(5000)),
    "a film": ("回单.jpg", b"\x00\x00\x00\x18ftypmp42" + bytes(100)),
    "an icon": ("回单.png", b"\x00\x00\x01\x00" + bytes(100)),
}
# Handed in where a roster is asked for: no row of them is kept.
ROSTERS: dict[str, tuple[str, bytes]] = {
    "a program": ("名册.xlsx", b"MZ\x90\x00" + bytes(200)),
    "a program behind two endings": ("名册.xlsx.exe", workbook(header())),
    "a workbook with macros by name": ("名册.xlsm", workbook(header(), more={"xl/vbaProject.bin": OLE})),
    "an old workbook": ("名册.xlsx", OLE),
    "a workbook that unpacks to a gigabyte": ("名册.xlsx", workbook(header(), more={"xl/a.bin": bytes(600 << 20)})),
    "a lone cell at the end of the world": ("名册.xlsx", workbook(header() + FAR)),
    "a lone cell in a sheet of another name": ("名册.xlsx", workbook(header() + FAR, target="a/b.xml")),
    "a file of the server in a cell": ("名册.xlsx", workbook(ENTITY.format("x"), doctype=f"<!DOCTYPE w [{_PASSWORDS}]>")),
    "a billion laughs": ("名册.xlsx", workbook(ENTITY.format("a9"), doctype=f"{_LAUGHS}]>")),
    "a workbook without its book": ("名册.xlsx", workbook(header(), without="xl/workbook.xml")),
    "a workbook cut off": ("名册.xlsx", workbook(header())[:-200]),
    "a workbook called text": ("名册.csv", workbook(header())),
    "text called a workbook": ("名册.xlsx", ",".join(HEADER).encode()),
    "text with a nought in it": ("名册.csv", ",".join(HEADER).encode() + b"\n\x00,own\n"),
    "text cut off in a letter": ("名册.csv", ",".join(HEADER).encode() + "\n甲".encode()[:-1]),
    "nothing": ("名册.csv", b""),
}  # fmt: skip
assert len(SCANS) + len(ROSTERS) == 50
