"""What every page of the desk needs."""

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, object]:
    """The menu of the signed-in person."""
    return {}
