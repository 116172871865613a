"""Pages as PDF, set by Typst with a Chinese font from a package; data goes in as JSON and is never read as markup."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import pylopdf_fonts_zh_cn as packaged
import typst
from django.conf import settings

_DIGITS = "〇一二三四五六七八九"
_TENS = "十"


class DocumentError(Exception):
    """A page that could not be set as it should be: a font is missing, a template is wrong."""


def render(template: Path, data: Mapping[str, Any], *, at: dt.datetime) -> bytes:
    """The PDF of a template. Typst only warns of a missing font; here every warning is an error."""
    pages, warnings = typst.compile_with_warnings(
        str(template),
        root=str(settings.BASE_DIR),  # so that templates of all rooms share the pieces of base
        font_paths=list(_fonts(str(settings.DOCUMENT_FONTS))),
        ignore_system_fonts=False,
        sys_inputs={"data": json.dumps(dict(data), ensure_ascii=False, default=str), "fonts": _families()},
        format="pdf",
        timestamp=at.replace(microsecond=0).astimezone(dt.UTC),  # Typst takes fixed offsets only
    )
    if warnings:
        raise DocumentError(f"{template.name}: " + "; ".join(str(warning) for warning in warnings))
    if not isinstance(pages, bytes):
        raise DocumentError(f"{template.name}: no PDF came out")
    return pages


def _families() -> str:
    return json.dumps({"serif": settings.DOCUMENT_SERIF, "sans": settings.DOCUMENT_SANS})


@lru_cache(maxsize=4)
def _fonts(folder: str) -> tuple[str, ...]:
    found = Path(folder) if folder else packaged.serif_path().parent
    if not found.is_dir():
        raise DocumentError(f"the fonts' folder {found} is missing (CASEWORKS_DOCUMENT_FONTS)")
    return (str(found),)


def chinese_date(day: dt.date) -> str:
    """A date as official papers end with it: 二〇二四年七月十二日."""
    year = "".join(_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{_chinese(day.month)}月{_chinese(day.day)}日"


def _chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    before = ("" if tens == 1 else _DIGITS[tens]) + _TENS if tens else ""
    return before + (_DIGITS[ones] if ones or not tens else "")
