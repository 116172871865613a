"""Couriers of imports: a page puts files down, a worker looks at them or loads them. Twice is as good as once."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.base.side import is_locked
from caseworks.people.actors import Actor
from caseworks.registry import imports, uploads
from caseworks.registry.enums import FileKind

PATIENCE = 3600  # seconds that an import waits for another one of its kind
LOOK_AGAIN = 2


def tell_followers(touched: Collection[str] | None) -> None:
    """Once it is committed that units changed (None: many), enqueue what follows from it (settings.AFTER_IMPORT).

    Nobody waits for the followers, and no import fails for want of a broker: each has a clock that catches up.
    """
    if touched is not None and not touched:
        return
    units = None if touched is None else sorted(touched)

    def enqueue() -> None:
        for path in settings.AFTER_IMPORT:
            import_string(path).apply_async(args=[units], retry=False)

    transaction.on_commit(enqueue, robust=True)


def _actor(run: Run) -> Actor:
    return Actor(person=run.person, os_user=run.os_user, command=run.command.removeprefix("manage.py "))


@shared_task
def look_at_upload(run_id: int) -> None:
    """Say what an import of the files of an upload would do."""
    run = Run.objects.select_related("person").get(pk=run_id)
    if run.is_open:
        try:
            uploads.look(run, by=_actor(run), at=timezone.now())
        except Refusal as refusal:
            runs.refuse(run, refusal, timezone.now())


@shared_task
def load_files(run_ids: Iterable[int]) -> int:
    """Load queued imports one after another; one that is refused does not stop the others. How many were loaded."""
    return sum(load_file(run_id) for run_id in run_ids)


@shared_task
def load_file(run_id: int) -> bool:
    """Load one queued import, behind another one of its kind; its upload is removed once it is loaded."""
    run = Run.objects.select_related("import_file", "person").get(pk=run_id)
    if not run.is_open:
        return False
    waited = 0
    while is_locked(f"exclusive:import:{run.import_file.kind}") and waited < PATIENCE:
        time.sleep(LOOK_AGAIN)
        waited += LOOK_AGAIN
    try:
        path = uploads.path_of(run.import_file.stored_name)
        imported = imports.load(path, FileKind(run.import_file.kind), _actor(run), timezone.now(), run=run)
    except Refusal as refusal:
        runs.refuse(run, refusal, timezone.now())
        return False
    tell_followers(imported.touched)
    uploads.remove(run.import_file.stored_name)
    return True


@shared_task
def sweep_uploads() -> int:
    """Nightly: kept files that nobody has imported for a week are removed."""
    return uploads.sweep(timezone.now())
