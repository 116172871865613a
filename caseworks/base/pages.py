"""Lists: declared orders and keyset pages.

A page of a list never counts and never skips rows: it asks for the rows behind (or before) the edge row of the page
that is shown. Every order is a tuple of columns in one direction, ends in a unique column and has an index of its own,
so that PostgreSQL walks that index from the edge on (a row comparison). Totals of the filter are a request of their
own, sent after the page.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models
from django.http import QueryDict

SIZES = (20, 50, 100)
SIZE = 50
CURSORS = ("after", "before")


@dataclass(frozen=True)
class Order:
    """One order of a list: columns (none of them null) in one direction, the last one unique."""

    label: str
    columns: tuple[str, ...]
    descending: bool = False

    def __post_init__(self) -> None:
        if any(column.startswith("-") for column in self.columns):
            raise ValueError(f"an order has one direction, descending={self.descending}: {self.columns}")

    def by(self, *, reverse: bool = False) -> list[str]:
        """Arguments of order_by()."""
        sign = "-" if self.descending != reverse else ""
        return [sign + column for column in self.columns]


class RowBeyond(models.Func):
    """`(a, b) > (x, y)`: the rows behind the edge in an order; a plain comparison for one column."""

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, columns: tuple[str, ...], values: list[models.Value], *, greater: bool) -> None:
        super().__init__(*(models.F(column) for column in columns), *values)
        self.greater = greater

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts: list[str] = []
        params: list[Any] = []
        for expression in self.get_source_expressions():
            sql, given = compiler.compile(expression)
            parts.append(sql)
            params.extend(given)
        half = len(parts) // 2
        sign = ">" if self.greater else "<"
        return f"({', '.join(parts[:half])}) {sign} ({', '.join(parts[half:])})", params


@dataclass(frozen=True)
class Link:
    """A choice above or below a list: an order or a page size."""

    label: str
    query: str
    current: bool


class KeysetPage:
    """The rows of one page and the addresses of its neighbours.

    `orders` maps a word of the address to an Order; the first is the default. Parameters read: `order`, `rows`,
    `after`, `before`; an unreadable cursor shows the first page.
    """

    def __init__(
        self, queryset: models.QuerySet[Any, Any], orders: Mapping[str, Order], params: QueryDict, size: int = SIZE
    ) -> None:
        self.params = params
        self.orders = orders
        self.order_name = params.get("order", "") if params.get("order", "") in orders else next(iter(orders))
        self.order = orders[self.order_name]
        asked = params.get("rows", "")
        self.size = int(asked) if asked in map(str, SIZES) else size
        self.queryset = queryset
        self._fetch()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return bool(self.rows)

    # -- rows

    @cached_property
    def _fields(self) -> list[models.Field[Any, Any]]:
        annotations = self.queryset.query.annotations
        return [
            annotations[column].output_field if column in annotations else _field(self.queryset.model, column)
            for column in self.order.columns
        ]

    def _fetch(self) -> None:
        word = next((word for word in CURSORS if self.params.get(word)), None)
        edge = self._read(self.params.get(word, "")) if word else None
        backwards = edge is not None and word == "before"
        rows = self.queryset.order_by(*self.order.by(reverse=backwards))
        if edge is not None:
            rows = rows.filter(RowBeyond(self.order.columns, edge[1], greater=self.order.descending == backwards))
        found = list(rows[: self.size + 1])
        more, found = len(found) > self.size, found[: self.size]
        if backwards:
            found.reverse()
        self.rows: list[Any] = found
        self.has_previous = (more if backwards else edge is not None) and bool(found)
        self.has_next = (True if backwards else more) and bool(found)
        number = edge[0] if edge is not None else 0
        self.start = max(number - len(found), 1) if backwards else number + 1
        if backwards and not more:
            self.start = 1

    def numbered(self) -> list[tuple[int, Any]]:
        """Rows with their running number (序号), which goes on over the pages."""
        return list(enumerate(self.rows, self.start))

    # -- cursors and addresses

    def _write(self, row: Any, number: int) -> str:
        values = [
            field.value_to_string(cast(models.Model, _Holder(field, _value(row, column))))
            for field, column in self._pairs
        ]
        return base64.urlsafe_b64encode(json.dumps([number, *values]).encode()).decode().rstrip("=")

    def _read(self, cursor: str) -> tuple[int, list[models.Value]] | None:
        try:
            number, *values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
            if len(values) != len(self.order.columns) or not isinstance(number, int):
                return None
            read = [
                models.Value(field.to_python(value), output_field=field)
                for field, value in zip(self._fields, values, strict=True)
            ]
        except (ValueError, TypeError, ValidationError, binascii.Error):
            return None
        return number, read

    @property
    def _pairs(self) -> list[tuple[models.Field[Any, Any], str]]:
        return list(zip(self._fields, self.order.columns, strict=True))

    @property
    def next_query(self) -> str:
        """Query string of the next page; empty on the last."""
        last = self.start + len(self.rows) - 1
        return query_with(self.params, after=self._write(self.rows[-1], last)) if self.has_next else ""

    @property
    def previous_query(self) -> str:
        """Query string of the page before; empty on the first."""
        return query_with(self.params, before=self._write(self.rows[0], self.start)) if self.has_previous else ""

    @property
    def first_query(self) -> str:
        """Query string of the first page."""
        return query_with(self.params)

    @property
    def last_number(self) -> int:
        """Running number of the last row shown."""
        return self.start + len(self.rows) - 1

    @property
    def size_links(self) -> list[Link]:
        """20 / 50 / 100 rows a page."""
        return [Link(str(size), query_with(self.params, rows=str(size)), size == self.size) for size in SIZES]

    @property
    def order_links(self) -> list[Link]:
        """The declared orders."""
        return [
            Link(order.label, query_with(self.params, order=name), name == self.order_name)
            for name, order in self.orders.items()
        ]


@dataclass(frozen=True)
class _Holder:
    """What Field.value_to_string wants: an object that has the value under the field's attribute name."""

    field: models.Field[Any, Any]
    value: Any

    def __getattr__(self, name: str) -> Any:
        return self.value


def _field(model: type[models.Model], path: str) -> models.Field[Any, Any]:
    *joins, last = path.split("__")
    for join in joins:
        model = model._meta.get_field(join).related_model  # type: ignore[assignment]
    return model._meta.pk if last == "pk" else model._meta.get_field(last)  # type: ignore[return-value]


def _value(row: Any, column: str) -> Any:
    return row[column] if isinstance(row, dict) else reduce(getattr, column.split("__"), row)


def query_with(params: QueryDict, **changes: str) -> str:
    """The query string of `params` with changes, and without the cursor that belonged to the old one."""
    changed = params.copy()
    for word in CURSORS:
        changed.pop(word, None)
    for name, value in changes.items():
        changed[name] = value
    for name in [name for name in changed if not any(changed.getlist(name))]:
        del changed[name]
    return changed.urlencode()
