"""The clock and the courier: files and invitations that a page put on record, and the nightly look for double benefit."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from caseworks.base import runs
from caseworks.base.errors import Refusal
from caseworks.base.models import Run
from caseworks.people.actors import Actor
from caseworks.registry import uploads
from subsidies import claim_files, claims, invitations, overlaps

PATIENCE = 3600  # seconds that a file waits for another one
LOOK_AGAIN = 2


def _actor(run: Run) -> Actor:
    return Actor(person=run.person, os_user=run.os_user, command=run.command.removeprefix("manage.py "))


@shared_task(name="subsidies.take_file")
def take_file(run_id: int) -> str:
    """Take the claims of a file that was handed in at a page; its upload is removed, taken or refused."""
    run = Run.objects.select_related("claim_file", "person").get(pk=run_id)
    if not run.is_open:
        return "done before"
    waited = 0
    while claim_files.busy() and waited < PATIENCE:
        time.sleep(LOOK_AGAIN)
        waited += LOOK_AGAIN
    file = run.claim_file
    file.run = run
    try:
        path = uploads.path_of(file.stored_name)
        claim_files.carry_out(file, path, by=_actor(run), at=timezone.now())
    except Refusal as refusal:
        runs.refuse(run, refusal, timezone.now())
        return f"refused: {refusal.message}"
    finally:
        uploads.remove(file.stored_name)  # it names people: what it brought, or why it was refused, is on record
    return file.summary_line


@shared_task(name="subsidies.invite")
def invite(run_id: int) -> str:
    """Carry out a screening for people who could claim."""
    run = Run.objects.select_related("person").get(pk=run_id)
    if not run.is_open:
        return "done before"
    try:
        done = invitations.carry_out(run, by=_actor(run), at=timezone.now())
    except Refusal as refusal:
        runs.refuse(run, refusal, timezone.now())
        return f"refused: {refusal.message}"
    return f"{done.looked_at} looked at, {done.invited} invited"


@shared_task(name="subsidies.look_for_overlaps")
def look_for_overlaps() -> str:
    """Nightly: slots that review gave back, and training subsidies that came after a grant. (J3.2)"""
    at = timezone.now()
    released = claims.release(at)
    done = overlaps.look(by=Actor.of_command("clock"), at=at)
    return f"{released} slots released, {done.found} overlaps found, {done.proposed} recoveries proposed"
