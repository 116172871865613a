"""Words of the registry's templates."""

from __future__ import annotations

from django import template

from caseworks.registry.enums import FileKind
from caseworks.registry.models import RejectedRow
from caseworks.registry.specs import SPECS
from caseworks.registry.uploads import masked

register = template.Library()


@register.filter
def kind_label(kind: str) -> str:
    """The Chinese name of a kind of file."""
    return FileKind(kind).label if kind in FileKind.values else kind


@register.filter
def shown_value(row: RejectedRow) -> str:
    """A rejected value as a page shows it: what names a person or an account is masked."""
    return masked(row.column, row.value)


@register.filter
def column_label(column: str, kind: str) -> str:
    """The Chinese name of a column of a file, beside which pages show the English one."""
    return next((known.alias for known in SPECS[FileKind(kind)].columns if known.name == column), "")
