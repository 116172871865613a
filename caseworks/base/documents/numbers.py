"""Document numbers: 发文机构〔2024〕3号, by issuer and year, without gaps."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

_NEXT = """
    INSERT INTO base_documentseries AS s (issuer, year, last) VALUES (%s, %s, 1)
    ON CONFLICT (issuer, year) DO UPDATE SET last = s.last + 1
    RETURNING last
"""


@dataclass(frozen=True)
class Number:
    """A number that was given out."""

    issuer: str
    year: int
    serial: int

    def __str__(self) -> str:
        return f"{self.issuer}〔{self.year}〕{self.serial}号"


def issue(issuer: str, year: int) -> Number:
    """The next number. The row stays locked until the transaction ends: what is rolled back gives its number back."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [issuer, year])
        return Number(issuer, year, cursor.fetchone()[0])
