"""Writing the letter of an approved case."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from caseworks.base.errors import Refusal
from caseworks.people.access import access
from caseworks.people.actors import Actor
from refunds import decisions


@access("document.issue")
@require_POST
def decision_issue(request: HttpRequest, case: int) -> HttpResponse:
    """Write it, and show it; the operation checks the scope."""
    try:
        document = decisions.issue(case, by=Actor.of_request(request), at=timezone.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("cases:case_detail", case)
    messages.success(request, f"已出具 {document.number}。请打印盖章，再上传扫描件。")
    return redirect("documents:document_detail", document.pk)
