"""Where the gateway of short messages tells what arrived; signed (docs/operations.md)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from caseworks.base.notices import receipts, signing
from caseworks.base.notices.receipts import ReceiptError
from caseworks.people.access import public

MOST = 1024 * 1024  # bytes of a body


@csrf_exempt
@public
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Take receipts; the signature is all that is asked for."""
    time, given = request.headers.get(signing.TIME, ""), request.headers.get(signing.SIGNATURE, "")
    if not time or not given or int(request.headers.get("Content-Length") or 0) > MOST:
        return JsonResponse({"error": "signature"}, status=400)
    try:
        changed = receipts.take(request.body, time=time, signature=given, now=timezone.now())
    except ReceiptError as error:
        return JsonResponse({"error": error.reason}, status=error.status)
    return JsonResponse({"changed": changed})
