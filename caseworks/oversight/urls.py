"""The supervisors' addresses, below /admin/; the admin site takes them in (`desk.site`) and guards each by role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from caseworks.oversight.views import boards, funds, listed, tracing, trying


def patterns(guard: Callable[..., Any]) -> list[URLPattern]:
    """The patterns, each view within the site's guard."""
    pages: tuple[tuple[str, Any, str], ...] = (
        ("refresh/", boards.refresh, "oversight_refresh"),
        ("refresh/<slug:scheme>/<int:year>/", boards.refreshing, "oversight_refreshing"),
        ("fund/", funds.room, "oversight_fund"),
        ("trials/", trying.ask, "oversight_trial"),
        ("trials/<int:pk>/", trying.shown, "oversight_trial_detail"),
        ("trials/<int:pk>/progress/", trying.progress, "oversight_trial_progress"),
        ("traces/", tracing.rows, "oversight_traces"),
        ("traces/exports/", tracing.exports, "oversight_exports"),
        ("traces/exports/ask/", tracing.ask, "oversight_export_ask"),
        ("traces/exports/<int:pk>/decide/", tracing.decide, "oversight_export_decide"),
        ("traces/exports/<int:pk>/file/", tracing.file, "oversight_export_file"),
        ("lists/<slug:name>/", listed.rows, "oversight_list"),
        ("lists/<slug:name>/totals/", listed.totals, "oversight_totals"),
        ("lists/<slug:name>/export/", listed.export, "oversight_export"),
    )
    return [path(route, guard(view), name=name) for route, view, name in pages]
