"""The schemes as the law room knows them: strings in settings.SCHEMES, each with its Parameters. Pure."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType

from django.conf import settings

from caseworks.law.figures import BaseParameters


@cache
def modules_by_name() -> dict[str, ModuleType]:
    """The module of every scheme, by the scheme's name, in the order of the settings."""
    return {module.NAME: module for module in map(import_module, settings.SCHEMES)}


@cache
def parameters_by_scheme() -> dict[str, type[BaseParameters]]:
    """The Parameters class of every scheme, by the scheme's name."""
    return {name: module.parameters for name, module in modules_by_name().items()}


def parameters_of(scheme: str) -> type[BaseParameters]:
    """The class that gives a scheme's figures their types."""
    return parameters_by_scheme()[scheme]
