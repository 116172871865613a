"""A synthetic bank receipt as a picture, for the vouchers of the demonstration that wait to be looked at."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

_FORM = """
#set page(width: 148mm, height: 100mm, margin: 10mm)
#set text(font: "{sans}", size: 10pt, lang: "zh")
#align(center)[#text(size: 15pt, weight: "bold")[示例银行　客户付款回单] \\ #text(fill: gray)[演示样张，不是真实凭证]]
#v(2mm)
#table(columns: (28mm, 1fr), inset: 6pt,
  [回单编号], [{receipt}], [付款日期], [{paid_on}],
  [付款人户名], [{payer}], [收款人户名], [{payee}],
  [金额（元）], [#text(weight: "bold")[{amount}]], [用途], [转付稳岗返还资金（演示）],
)
#place(bottom + right)[#rect(stroke: 1.5pt + rgb("#b3261e"), inset: 6pt)[#text(fill: rgb("#b3261e"))[示例银行 \\ 业务专用章（样张）]]]
"""


def draw(path: Path, *, receipt: str, paid_on: dt.date, payer: str, payee: str, amount: Decimal) -> None:
    """Write the receipt as a PNG."""
    import pylopdf_fonts_zh_cn as packaged
    import typst
    from django.conf import settings

    text = _FORM.format(
        sans=settings.DOCUMENT_SANS, receipt=receipt, paid_on=paid_on, payer=payer, payee=payee, amount=f"{amount:,.2f}"
    )
    fonts = typst.Fonts(font_paths=[str(settings.DOCUMENT_FONTS or packaged.serif_path().parent)])
    picture = typst.compile(text.encode(), format="png", ppi=110.0, font_paths=fonts)
    path.write_bytes(picture if isinstance(picture, bytes) else picture[0])
