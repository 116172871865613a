"""The schemes as the law room knows them: strings in settings.SCHEMES, each with its Parameters. Pure."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from django.conf import settings

from caseworks.law.figures import BaseParameters


@cache
def parameters_by_scheme() -> dict[str, type[BaseParameters]]:
    """The Parameters class of every scheme, by the scheme's name."""
    modules = [import_module(path) for path in settings.SCHEMES]
    return {module.NAME: module.parameters for module in modules}


def parameters_of(scheme: str) -> type[BaseParameters]:
    """The class that gives a scheme's figures their types."""
    return parameters_by_scheme()[scheme]
