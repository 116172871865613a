"""What came of each look at the books: kept, so that a page can be red and say since when. (N6.2)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q

from caseworks.books.enums import Scope
from caseworks.books.invariants import Offence


class BooksRun(models.Model):
    """核对: which invariants were looked at, over how much, and the rows that offend them. Written once."""

    scope = models.CharField("范围", max_length=10, choices=Scope.choices)
    about = models.CharField("事由", max_length=200, blank=True)
    label = models.CharField("发起人（记录）", max_length=200)
    at = models.DateTimeField("时间")
    seconds = models.FloatField("用时（秒）")
    checks = models.PositiveSmallIntegerField("核对项数")
    cases = models.PositiveIntegerField("业务件数", null=True, help_text="空为全部")
    offences = models.PositiveIntegerField("不符处数", help_text="每项最多记 100 处")
    found = models.JSONField("不符明细", default=list, help_text="核对项、所在行、说明、类别、编号")
    last_event = models.BigIntegerField("末条历史编号", help_text="核对开始时已有的办理历史")

    class Meta:
        verbose_name = verbose_name_plural = "账目核对"
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(scope__in=Scope.values), name="booksrun_scope_known"),
            models.CheckConstraint(
                condition=Q(offences=0, found=[]) | (Q(offences__gt=0) & ~Q(found=[])), name="booksrun_names_its_rows"
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-id"], condition=Q(offences__gt=0), name="booksrun_unclean")
        ]
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.Protect(name="booksrun_append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.at:%Y-%m-%d %H:%M}"

    @property
    def is_clean(self) -> bool:
        """Whether nothing offends."""
        return not self.offences

    def rows(self) -> Iterator[Offence]:
        """The offending rows."""
        return (Offence(*row) for row in self.found)
