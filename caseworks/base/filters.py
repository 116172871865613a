"""Filter forms of the lists: what stands in the address, in two rows at most, and as chips above the list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from caseworks.base.pages import query_with


class FilterForm(forms.Form):
    """A query form: every field is optional; `more` names the fields that stand under 更多条件."""

    more: ClassVar[tuple[str, ...]] = ()
    #: parameters of the list that a new query keeps
    kept: ClassVar[tuple[str, ...]] = ("order", "rows")

    def __init__(self, data: QueryDict, **kwargs: Any) -> None:
        super().__init__(data, label_suffix="", **kwargs)
        for bound in self.fields.values():
            bound.required = False
            style = "form-select" if isinstance(bound.widget, forms.Select) else "form-control"
            bound.widget.attrs.setdefault("class", style)

    @property
    def main_fields(self) -> list[forms.BoundField]:
        """Fields that are always shown."""
        return [self[name] for name in self.fields if name not in self.more]

    @property
    def further_fields(self) -> list[forms.BoundField]:
        """Fields under 更多条件."""
        return [self[name] for name in self.more]

    @property
    def more_open(self) -> bool:
        """Whether one of the further fields is filled in."""
        return any(self.data.get(name) for name in self.more)

    @property
    def kept_values(self) -> list[tuple[str, str]]:
        """Parameters of the list that go along with a new query."""
        return [(name, self.data[name]) for name in self.kept if self.data.get(name)]

    @property
    def problems(self) -> list[str]:
        """What is wrong, with the field's label."""
        return [
            f"{self.fields[name].label}：{error}" if name in self.fields else str(error)
            for name, errors in self.errors.items()
            for error in errors
        ]

    @property
    def chips(self) -> list[Chip]:
        """The active filters, each with the address without it."""
        return list(self._chips()) if self.is_valid() else []

    def _chips(self) -> Iterator[Chip]:
        params = self.data if isinstance(self.data, QueryDict) else QueryDict()
        for name, bound in self.fields.items():
            values = [value for value in params.getlist(name) if value]
            if values:
                rest = params.copy()
                del rest[name]
                yield Chip(
                    str(bound.label or name), "、".join(_word(bound, value) for value in values), query_with(rest)
                )


@dataclass(frozen=True)
class Chip:
    """An active filter: its label, its value in words, and the address without it."""

    label: str
    value: str
    without: str


def _word(field: forms.Field, value: str) -> str:
    for code, label in _flat(getattr(field, "choices", ())):
        if str(code) == value:
            return str(label)
    return "是" if isinstance(field, forms.BooleanField) else value


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for code, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield code, label
