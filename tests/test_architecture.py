"""What the source itself has to keep: access marks, single writers, figures in the policy rows, templates in use."""

from __future__ import annotations

import ast
import datetime
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.template import engines
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from caseworks.base.enums import Role
from caseworks.people.access import RoleSite
from caseworks.people.permissions import PERMISSIONS
from tests.architecture import ANY_TABLE, PACKAGES, ROOT, Address, addresses, modules, writes
from tests.people.builders import PASSWORD, person, seeded, unit_user

LAW_FIGURES = re.compile(r"(?<![\d.])(?:5\.5|0\.055|0?\.30?|0?\.60?|0?\.20?|0?\.50?|0?\.90?)(?![\d.])")


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


# -- access


def test_every_address_carries_an_access_mark() -> None:
    found = addresses()
    assert len(found) > 30
    assert [str(address) for address in found if address.mark is None] == []
    known = {"public", "signed_in", "portal", "worker", "admin", *PERMISSIONS}
    assert {address.mark for address in found} <= known


def test_the_admin_is_entered_by_role() -> None:
    assert isinstance(admin.site, RoleSite) or isinstance(getattr(admin.site, "_wrapped", None), RoleSite)


def answer(client: Client, address: Address) -> int:
    """The status of an address, asked in the way it answers."""
    status = client.get(address.path).status_code
    return client.post(address.path).status_code if status == 405 else status


@pytest.mark.django_db
def test_who_is_not_signed_in_is_sent_to_sign_in() -> None:
    client = Client(raise_request_exception=False)
    wrong = {}
    for address in addresses():
        status = answer(client, address)
        expected = {200, 302, 400, 404, 405} if address.mark == "public" else {302}
        if status not in expected:
            wrong[str(address)] = status
        entry = reverse("my_subsidies:enter") if address.mark == "worker" else reverse("people:login")
        if address.mark not in {"public", "admin"} and status == 302:
            assert client.get(address.path, follow=True).redirect_chain[0][0].startswith(entry)
    assert wrong == {}


def signed_in(username: str) -> Client:
    client = Client(raise_request_exception=False)
    assert client.login(username=username, password=PASSWORD, request=client.get("/login/").wsgi_request)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["nobody", "enterprise", *Role.values])
def test_who_gets_where(who: str) -> None:
    """Every address, by every role: 403 exactly where the role does not hold the permission."""
    seeded()
    roles = {who} & set(Role.values)
    if who == "enterprise":
        unit_user(who, "91220102XNQNQPW14U")
    else:
        person(who, *roles, since=datetime.date(2020, 1, 1))
    client = signed_in(who)
    wrong = {}
    for address in addresses():
        if address.mark == "admin" or address.mark == "public":
            continue
        status = client.get(address.path).status_code
        if address.mark in {"portal", "worker"}:
            held = who == "enterprise" and address.mark == "portal"
        else:
            held = address.mark == "signed_in" or not PERMISSIONS[str(address.mark)].isdisjoint(roles)
        if not held and status == 405:
            status = client.post(address.path).status_code
        if (status == 403) == held or status >= 500:
            wrong[f"{address} ({address.mark})"] = status
    assert wrong == {}


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["nobody", "enterprise", Role.CLERK, Role.REVIEWER, Role.APPROVER, Role.CASHIER])
def test_who_does_not_enter_the_admin(who: str) -> None:
    seeded()
    if who == "enterprise":
        unit_user(who)
    else:
        person(who, *({who} & set(Role.values)))
    client = signed_in(who)
    guarded = [address for address in addresses() if address.mark == "admin"]
    assert len(guarded) > 20
    for address in guarded:
        assert client.get(address.path).status_code in {302, 403}, address
        assert client.get(address.path, follow=True).status_code == 403, address


# -- the law stands once


def test_no_figure_of_the_law_stands_in_code() -> None:
    """Ratios and ceilings are figures of a policy row (house rule 2): no such number, nor a text of one, in code."""
    wrong = []
    for module in modules():
        if ".assets" in module.name or module.name in {
            "caseworks.settings",
            "caseworks.embedded",
            "caseworks.supervisor",
        }:
            continue
        docstrings = module.docstrings()
        for node in ast.walk(module.tree):
            if not isinstance(node, ast.Constant) or id(node) in docstrings:
                continue
            if isinstance(node.value, float) and LAW_FIGURES.fullmatch(repr(node.value)) and "refund" in module.name:
                wrong.append(f"{module.name}:{node.lineno} {node.value}")
            if isinstance(node.value, str) and LAW_FIGURES.fullmatch(node.value):
                wrong.append(f"{module.name}:{node.lineno} {node.value!r}")
    assert wrong == []


def test_the_rules_hold_no_number_but_nought_and_one() -> None:
    """Whatever a rule compares with comes from the policy row; a length of two is the beginning of a USCC."""
    module = next(module for module in modules() if module.name == "refunds.policy")
    numbers = {
        node.value
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)
    }
    assert numbers <= {0, 1, 2}


def test_no_figure_of_the_law_stands_in_a_template() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in (ROOT / "templates").rglob("*.html")
        if path.parent.name != "law"  # the editor of policy rows shows how a ratio is written
        for found in re.finditer(r"\b(?:5\.5|30|60|20|50|90)\s*[%％]", path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_every_rule_cites_its_clause() -> None:
    """Each reason and each flag (house rule 1) cites its clause, the local notice or the decision it stands on."""
    tree = next(module for module in modules() if module.name == "refunds.policy").tree
    rules = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and ast.unparse(node.returns or node) in {"Reason | None", "bool"}
    ]
    assert {"months_insufficient", "layoff_rate_exceeded", "dispatch_must_apply", "size_unknown", "paid_late"} <= {
        rule.name for rule in rules
    }
    cited = re.compile(r"\((?:[^()]*(?:\b[NJ]\d|〔\d{4}〕|decision \d))")
    assert [rule.name for rule in rules if not cited.search(ast.get_docstring(rule) or "")] == []


# -- the floors


def test_sql_takes_its_dates_as_parameters() -> None:
    clock = re.compile(
        r"\b(?:now\(\)|current_date|current_timestamp|localtimestamp|clock_timestamp\(\))", re.IGNORECASE
    )
    wrong = [f"{module.name}:{line}" for module in modules() for line, text in module.strings() if clock.search(text)]
    assert wrong == []


def test_no_module_is_long() -> None:
    lengths = {module.name: len(module.path.read_text(encoding="utf-8").splitlines()) for module in modules()}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


# -- templates


def test_tables_leave_by_the_one_door() -> None:
    """A table taken away from a page goes through `registry.downloads`, which keeps on record who took what."""
    writing = {
        "caseworks.base.sheets.writing", "caseworks.registry.downloads",
        "caseworks.cases.announcement_files",  # public, made once
        "caseworks.money.finance_forms",  # of a batch, taken through `recorded`
        "caseworks.oversight.trace_exports",  # allowed by a second person, kept as it was made
        "dispatch.rosters",  # a blank form
        "subsidies.claim_files", "caseworks.registry.errors_file",  # somebody's own rejected lines
    }  # fmt: skip
    found = {
        module.name
        for module in modules()
        if any(isinstance(node, ast.Name) and node.id in ("write_xlsx", "csv_lines") for node in ast.walk(module.tree))
    }
    assert found - writing == set()


def test_every_template_is_used() -> None:
    """Each file of templates/ is named in code or in another template, or replaces one of an installed package."""
    folder = ROOT / "templates"
    sources = [path.read_text(encoding="utf-8") for path in folder.rglob("*.html")]
    sources += [module.path.read_text(encoding="utf-8") for module in modules()]
    named = set(re.findall(r"""["']([\w/.\-]+\.(?:html|txt))["']""", "\n".join(sources)))
    standard = {"400.html", "403.html", "404.html", "500.html", "403_csrf.html"}
    unused = []
    for path in folder.rglob("*.*"):
        name = path.relative_to(folder).as_posix()
        if name not in named | standard and not _replaces(name):
            unused.append(name)
    assert unused == []


def _replaces(name: str) -> bool:
    loaders = engines["django"].engine.template_loaders
    origins = [Path(origin.name) for loader in loaders for origin in _origins(loader, name)]
    return any(origin.exists() and ROOT / "templates" not in origin.parents for origin in origins)


def _origins(loader: object, name: str) -> list[object]:
    inner = getattr(loader, "loaders", [loader])
    return [origin for each in inner for origin in each.get_template_sources(name)]


def test_every_template_that_is_named_exists() -> None:
    missing = []
    for module in modules():
        for line, text in module.strings():
            if re.fullmatch(r"[\w/\-]+\.html", text) and not _exists(text):
                missing.append(f"{module.name}:{line} {text}")
    for path in (ROOT / "templates").rglob("*.html"):
        for name in re.findall(r"""{%\s*(?:extends|include)\s+["']([\w/.\-]+)["']""", path.read_text(encoding="utf-8")):
            if not _exists(name):
                missing.append(f"{path.relative_to(ROOT)} {name}")
    assert missing == []


def _exists(name: str) -> bool:
    loaders = engines["django"].engine.template_loaders
    return any(Path(origin.name).exists() for loader in loaders for origin in _origins(loader, name))


# -- single writers

# The modules that write each table: one noun, one writer (design: floors). A name stands for what is below it too.
WRITERS: dict[str, tuple[str, ...]] = {
    "base_document": ("caseworks.base.documents.papers",),
    "base_documentseries": ("caseworks.base.documents.numbers",),
    "base_notice": ("caseworks.base.notices", "caseworks.base.apps"),  # its subject follows a new look-up key
    "base_noticeblock": ("caseworks.base.notices.handling",),
    "base_noticetemplate": ("caseworks.base.notices.templates",),
    "base_run": ("caseworks.base.runs",),
    "base_sealedscan": ("caseworks.base.documents.papers",),
    "base_storedfile": ("caseworks.base.files",),
    "books_booksrun": ("caseworks.books.looking",),
    "cases_anchor": ("caseworks.cases.anchors",),
    "cases_anchorhead": ("caseworks.cases.anchors",),
    "cases_announcement": ("caseworks.cases.announcements",),
    # freezes; a new judgement ends what was announced
    "cases_announcementline": ("caseworks.cases.announcements", "caseworks.cases.openings"),
    "cases_announcementposting": ("caseworks.cases.postings",),
    "cases_bar": ("caseworks.cases.bars",),
    "cases_case": ("caseworks.cases.history", "caseworks.cases.apps"),  # its subject follows a new look-up key
    "cases_casefile": ("caseworks.cases.reviews",),
    "cases_commonopinion": ("caseworks.cases.opinions",),
    "cases_taking": ("caseworks.cases.takings",),
    "cases_casenote": ("caseworks.cases.reviews",),
    "cases_event": ("caseworks.cases.history",),
    "cases_examination": ("caseworks.cases.reviews",),
    "cases_flagclearing": ("caseworks.cases.reviews",),
    # signs; a new judgement ends signatures; so does what is true no longer
    "cases_review": ("caseworks.cases.reviews", "caseworks.cases.openings", "caseworks.cases.approvals"),
    "cases_reviewsheet": ("caseworks.cases.openings",),
    "cases_hold": ("caseworks.cases.holds",),
    "cases_objection": ("caseworks.cases.objections",),
    "cases_objectionfile": ("caseworks.cases.objections",),
    "dispatch_application": (
        "dispatch.applications",
        "dispatch.application_writers",
        "dispatch.cases",
    ),  # ties to its case
    "dispatch_applicationline": ("dispatch.application_writers",),
    "dispatch_attachment": ("dispatch.applications",),
    "dispatch_baranswer": ("dispatch.barring",),
    "dispatch_barpaper": ("dispatch.barring", "dispatch.letters"),  # told; its letter
    "dispatch_finding": ("dispatch.enforcement", "dispatch.returns"),  # finds; a timely return takes off
    "dispatch_fundreturn": ("dispatch.returns", "dispatch.replacing"),  # confirms; moves to the part in its place
    "dispatch_obligation": (
        "dispatch.obligations",  # opens and counts
        "dispatch.enforcement",  # claims in place
        "dispatch.replacing",  # closes what is replaced
    ),
    "dispatch_obligationline": ("dispatch.obligations",),
    "dispatch_rosterrow": ("dispatch.application_writers",),
    "dispatch_share": ("dispatch.application_writers",),
    "dispatch_voucher": (
        "dispatch.vouchers",  # handed in
        "dispatch.decisions",  # decided
        "dispatch.annulments",
        "dispatch.replacing",  # moves to the part in its place
    ),
    "cases_secondlook": ("caseworks.cases.second_looks", "caseworks.cases.apps"),
    "cases_secondlookfile": ("caseworks.cases.second_looks",),
    "law_calendarchange": ("caseworks.law.calendars",),
    "law_calendarday": ("caseworks.law.calendars",),
    "law_calendaryear": ("caseworks.law.calendars",),
    "law_deadline": ("caseworks.law.deadlines",),
    "law_deadlinechange": ("caseworks.law.deadlines",),
    "law_policy": ("caseworks.law.policies",),
    "law_policyfigure": ("caseworks.law.policies",),
    "law_trainingmark": ("caseworks.law.training",),
    "money_bankfile": ("caseworks.money.bank_files",),
    "money_batch": ("caseworks.money.composing", "caseworks.money.batches", "caseworks.money.fiscal"),
    "money_fundmonth": ("caseworks.money.fund",),
    # the bank's; what is repaid; what is given back unasked
    "money_movement": ("caseworks.money.bank_results", "caseworks.money.recoveries", "caseworks.money.writers"),
    "money_finalcall": ("caseworks.money.year_end",),
    "money_finalcallline": ("caseworks.money.year_end",),
    # states; the word on an account; their subject follows a new look-up key
    "money_payment": ("caseworks.money.writers", "caseworks.money.payments", "caseworks.money.apps"),
    "money_recovery": ("caseworks.money.recoveries", "caseworks.money.apps"),
    "money_recoveryentry": ("caseworks.money.recoveries",),
    "money_reminder": ("caseworks.money.year_end",),
    "money_useline": ("caseworks.money.uses",),
    "money_usereport": ("caseworks.money.uses",),
    "money_repayment": ("caseworks.money.recoveries",),
    "money_match": ("caseworks.money.matching", "caseworks.money.reconciling"),  # by rule; by hand
    "money_movementnote": ("caseworks.money.reconciling",),
    "money_reconciledmonth": ("caseworks.money.reconciling",),
    "money_statement": ("caseworks.money.statements",),
    "money_statementline": ("caseworks.money.matching", "caseworks.money.reconciling"),  # takes in; settles in words
    "money_resultfile": ("caseworks.money.bank_results",),
    "oversight_figure": ("caseworks.oversight.figures",),
    "oversight_pulse": ("caseworks.oversight.health",),
    "oversight_traceexport": ("caseworks.oversight.trace_exports",),
    "oversight_refresh": ("caseworks.oversight.figures",),
    "people_appointment": ("caseworks.people.appointments",),
    "people_office": ("caseworks.people.offices",),
    "people_officeregion": ("caseworks.people.offices",),
    "people_person": ("caseworks.people.staff",),
    "people_signin": ("caseworks.people.sign_ins",),
    "people_standin": ("caseworks.people.appointments",),
    "people_unitaccount": ("caseworks.people.staff",),
    "refunds_assessment": ("refunds.assessments", "refunds.cases"),  # judges; ties to its case
    "refunds_assessmentchange": ("refunds.assessments",),
    "refunds_difference": (
        "refunds.recalculation",
        "refunds.differences",
        "refunds.topups",
    ),  # finds; decides; its case
    "refunds_determination": ("refunds.determinations",),
    "refunds_recalculation": ("refunds.recalculation",),
    "refunds_screeningrun": ("refunds.screening",),
    "registry_accountdeclaration": ("caseworks.registry.declarations",),
    "registry_account": ("caseworks.registry.loading", "caseworks.registry.accounts"),  # proposes; decides
    "registry_cardchange": ("caseworks.registry.cards", "caseworks.registry.loading.cards"),
    "registry_worker": ("caseworks.registry.cards",),  # a confirmed card; all else by the files
    "registry_importfile": ("caseworks.registry.imports",),
    "registry_rejectedrow": ("caseworks.registry.loading", "caseworks.registry.rejections"),  # records; mends
    "registry_retirement": (
        "caseworks.registry.loading",  # proposes
        "caseworks.registry.retirements",  # decides
        "caseworks.registry.apps",  # its key follows a new look-up key
    ),
    "subsidies_claim": ("subsidies.claims",),
    "subsidies_claimant": ("subsidies.codes",),
    "subsidies_claimfile": ("subsidies.claim_files",),
    "subsidies_invitation": ("subsidies.invitations",),
    "subsidies_lookup": ("subsidies.lookups",),
    "subsidies_overlap": ("subsidies.overlaps",),
    "subsidies_phonecode": ("subsidies.codes",),
    "subsidies_rejectedline": ("subsidies.claim_files",),
    "registry_succession": ("caseworks.registry.successions",),
    ANY_TABLE: (
        "caseworks.base.rekeying",  # sealed and hashed columns anew
        "caseworks.people.offices",  # office columns of the tables registered for it
        "caseworks.registry.loading",  # the files' own tables, by their specs
        "caseworks.registry.retirements",
        "refunds.assessments",  # its staging table
        "subsidies.claim_files",  # its staging table
    ),
}


def test_one_module_writes_each_table() -> None:
    ours = [
        model
        for config in apps.get_app_configs()
        if config.name.split(".")[0] in PACKAGES
        for model in config.get_models()
    ]
    classes = {model.__name__: model._meta.db_table for model in ours}
    strangers = [
        f"{module.name}:{line} writes {table}"
        for module in modules()
        for table, line in writes(module, classes)
        if not any(f"{module.name}.".startswith(f"{writer}.") for writer in WRITERS.get(table, ()))
    ]
    assert strangers == []
    assert WRITERS.keys() - {ANY_TABLE} <= set(classes.values())
