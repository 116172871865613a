"""Reading our own source: addresses, strings, calls and templates, for test_architecture.py."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("caseworks", "refunds", "subsidies", "dispatch")
CANDIDATES = ("2024", "1", "x", "csv", "91220102XNQNQPW14U", "2024-01-01", "00000000-0000-0000-0000-000000000000")


@dataclass(frozen=True)
class Address:
    """One pattern of the site, with a path that reaches it."""

    path: str
    callback: Any
    name: str

    @property
    def mark(self) -> str | None:
        """The access mark; the admin's own pages are guarded by the site (`people.access.RoleSite`)."""
        own = getattr(self.callback, "access_mark", None)
        guarded = hasattr(self.callback, "admin_site") or hasattr(self.callback, "model_admin")
        return own or ("admin" if guarded else None)

    def __str__(self) -> str:
        return f"{self.name} {self.path}"


def _filled(pattern: RoutePattern | RegexPattern) -> str:
    if isinstance(pattern, RegexPattern):
        return "nowhere/"
    route = str(pattern)
    for name, converter in pattern.converters.items():
        value = next(text for text in CANDIDATES if re.fullmatch(converter.regex, text))
        route = re.sub(rf"<(?:[^<>:]+:)?{name}>", value, route)
    return route


def addresses() -> list[Address]:
    """Every pattern of the site, includes and the admin included."""

    def walk(patterns: list[URLPattern | URLResolver], before: str, space: str) -> Iterator[Address]:
        for pattern in patterns:
            path = before + _filled(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(
                    pattern.url_patterns, path, f"{space}{pattern.namespace}:" if pattern.namespace else space
                )
            else:
                yield Address(path, pattern.callback, f"{space}{pattern.name}")

    return list(walk(get_resolver().url_patterns, "/", ""))


@dataclass(frozen=True)
class Module:
    """One of our modules, parsed."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        """A folder's own module."""
        return self.path.name == "__init__.py"

    def docstrings(self) -> set[int]:
        """The places of docstrings, which are no part of what runs."""
        holders = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        return {
            id(node.body[0].value)
            for node in ast.walk(self.tree)
            if isinstance(node, holders) and ast.get_docstring(node, clean=False) is not None
            if isinstance(node.body[0], ast.Expr)
        }

    def strings(self) -> Iterator[tuple[int, str]]:
        """Line and text of every string that runs; of an f-string, its fixed parts with `{}` between."""
        skip, inside = self.docstrings(), set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.JoinedStr):
                inside |= {id(part) for part in node.values}
                parts = [
                    str(part.value) if isinstance(part, ast.Constant) else f"{{{_name(part)}}}" for part in node.values
                ]
                yield node.lineno, "".join(parts)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skip | inside:
                yield node.lineno, node.value


def _name(part: ast.expr) -> str:
    return ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""


@cache
def modules() -> tuple[Module, ...]:
    """Our modules without migrations."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                found.append(Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path))))
    return tuple(found)


_ORM = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update", "update", "delete"}
_SQL = re.compile(
    r"""\b(?:INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)"""
    r"""\s+(?:"?([a-z_]+)"?\b|\{([^{}]*)\})"""
)
ANY_TABLE = "a table that a variable names"


def writes(module: Module, models: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Table and line of every writing that can be read off a module: a row made of a model's class, a writing word of
    its manager, and SQL (in capitals, as ours is) that names the table or leaves it to a variable.

    `models` gives the table of a class name. `save()` of a row that came from elsewhere is not seen.
    """
    tables = set(models.values())
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in models and node.keywords:
            yield models[node.func.id], node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _ORM:
            root = _manager_of(node.func.value)
            if root in models:
                yield models[root], node.lineno
    for line, text in module.strings():
        for found in _SQL.finditer(text):
            if found.group(2) is not None:
                yield ANY_TABLE, line
            elif found.group(1) in tables:
                yield found.group(1), line


def _manager_of(node: ast.expr) -> str | None:
    """`Model` of `Model.objects.….create`."""
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            if node.attr in {"objects", "_default_manager", "_base_manager"} and isinstance(node.value, ast.Name):
                return node.value.id
            node = node.value
        else:
            return None
