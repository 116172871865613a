"""The demonstration: a synthetic province, imported and screened by the same code that people use, then served.

Run by `script/demo`, which sets the checkout up first. It works on a training database only, and a second start
finds the province there and keeps it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(BASE_DIR), str(BASE_DIR / "script")]

YEAR = 2024
AS_OF = "2024-06-28"
SEED = 20240628
PASSWORD = "caseworks-demo-2024"  # noqa: S105 - of a training database on this machine's loopback address


def environment() -> None:
    """A training database; `script/demo` remembers it in `.env` for `manage.py` later."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "caseworks.settings")
    os.environ["CASEWORKS_TRAINING"] = "1"
    os.environ.setdefault("CASEWORKS_TRAINING_PASSWORD", PASSWORD)


def reset(var: Path, embedded: bool) -> None:
    """Throw the demonstration's database and files away."""
    from caseworks.supervisor import SupervisorError

    if not embedded:
        raise SupervisorError("--reset is for the embedded servers; a database of your own is yours to drop.")
    with contextlib.suppress(FileNotFoundError), (var / "servers" / "users.lock").open("r+") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SupervisorError("Some manage.py command uses the database; nothing was thrown away.") from None
    for name in ("servers", "demo", "uploads"):
        shutil.rmtree(var / name, ignore_errors=True)


def load(folder: Path, units: int) -> None:
    """Make the files of the province, import them, screen them, and pay what they grant."""
    import demo_open
    import demo_schemes
    import demo_year
    from django.core.management import call_command
    from django.utils import timezone

    from caseworks.oversight import figures

    print(f"Making a province of {units} units in {folder}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    script = BASE_DIR / "script" / "demo_province.py"
    subprocess.run(
        [sys.executable, str(script), str(folder), "--units", str(units), "--seed", str(SEED)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    call_command("import_data", str(folder))
    call_command("screen_refunds", str(YEAR), "--as-of", AS_OF)
    print("Some units hand in other accounts; screened again, the changes are told unit by unit", flush=True)
    call_command("import_data", str(folder / "later"))
    call_command("screen_refunds", str(YEAR), "--as-of", AS_OF)
    print("The training staff carry the year to the bank", flush=True)
    demo_year.run(YEAR, folder / "year")
    demo_schemes.run(YEAR, folder / "schemes")
    demo_open.run(YEAR)
    call_command("check_books")
    call_command("verify_history")
    figures.refresh_all(at=timezone.now())


def enterprises() -> None:
    """Logins of an ordinary unit that is in review or further, and of a dispatch agency; they stay on a second start."""
    from django.utils import timezone

    from caseworks.cases.models import Case
    from caseworks.people import staff
    from caseworks.people.actors import Actor
    from caseworks.people.models import Person
    from caseworks.registry.models import Unit

    by, at = Actor.of_command("demo"), timezone.now()
    units = {
        "training-unit": Case.objects.filter(scheme="refunds", year=YEAR).order_by("subject").values_list("subject"),
        "training-agency": Unit.objects.exclude(dispatch_licence="").order_by("uscc").values_list("uscc"),
    }
    for username, rows in units.items():
        found = rows.first()
        if found is None or Person.objects.filter(username=username).exists():
            continue
        name = Unit.objects.values_list("name", flat=True).get(uscc=found[0])
        password = os.environ["CASEWORKS_TRAINING_PASSWORD"]
        person = staff.create(
            username, full_name=name[:60], kind="unit", password=password, must_change=False, by=by, at=at
        )
        staff.bind_unit(person, found[0], by=by, at=at)


def summary() -> str:
    """The judgements by outcome and reason, and who may log in."""
    from django.db.models import Count, Func, Sum

    from caseworks.base.enums import Role
    from caseworks.people.models import Appointment, Person
    from refunds.enums import Outcome
    from refunds.models import Assessment

    year = Assessment.objects.filter(year=YEAR)
    lines = ["", f"{YEAR} screening, as of {AS_OF}:"]
    for row in year.values("outcome").annotate(units=Count("*"), money=Sum("amount")).order_by("-units"):
        outcome = row["outcome"]
        lines.append(
            f"  {outcome:<12} {Outcome(outcome).label:<8} {row['units']:>8,} units {row['money']:>18,.2f} yuan"
        )
        reasons = (
            year.filter(outcome=outcome)
            .annotate(reason=Func("reasons", function="unnest"))
            .values("reason")
            .annotate(units=Count("*"))
            .order_by("-units", "reason")
        )
        lines += [f"      {reason['reason']:<28} {reason['units']:>8,}" for reason in reasons]
    lines += ["", f"Logins (password {os.environ['CASEWORKS_TRAINING_PASSWORD']}):"]
    staff = Appointment.objects.filter(person__username__startswith="training-", until=None)
    for name, role in staff.order_by("id").values_list("person__username", "role"):
        lines.append(f"  {name:<24} {Role(role).label}")
    for person in Person.objects.filter(kind="unit", username__startswith="training-").order_by("pk"):
        lines.append(f"  {person.username:<24} {person.full_name} (/portal/)")
    return "\n".join(lines)


def prepare(var: Path, units: int | None) -> None:
    """Bring the database to where the demonstration starts; what is there already stays."""
    import django
    from django.core.management import call_command
    from django.db import connections

    django.setup()
    from refunds.models import Assessment

    call_command("migrate", verbosity=0)
    call_command("setup")
    if Assessment.objects.filter(year=YEAR).exists():
        if units is not None:
            print("The province is there already; --units counts with --reset.", flush=True)
    else:
        load(var / "demo" / "files", units or 3000)
    enterprises()
    print(summary(), flush=True)
    connections.close_all()


def main(arguments: Sequence[str] | None = None) -> int:
    """Prepare, then serve unless `--once`."""
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="do everything but serve")
    parser.add_argument("--reset", action="store_true", help="start over with a new database")
    parser.add_argument("--units", type=int, help="units of the province (3000)")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args(arguments)
    environment()
    from django.core.management.base import CommandError

    from caseworks import settings, supervisor

    supervisor.end_on_signals()
    try:
        with supervisor.alone(settings.VAR) as mark:
            if given.reset:
                reset(settings.VAR, settings.EMBEDDED_FOLDER is not None)
            with supervisor.servers() as keep:
                prepare(settings.VAR, given.units)
                if given.once:
                    print("\nscript/demo serves it: open /desk/ there.")
                else:
                    supervisor.serve(settings.VAR, given.port, keep, mark)
    except (supervisor.SupervisorError, CommandError) as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{Path(error.cmd[1]).name} ended with {error.returncode}.", file=sys.stderr)
        return 1
    except supervisor.Stopped:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
