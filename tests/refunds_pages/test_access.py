"""Every refund page by role and by scope: 403 without the right, 404 outside the own regions, login for nobody."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from refunds.models import Assessment, Determination, ScreeningRun
from tests.refunds_pages.staff import AT

READERS = {"clerk", "reviewer", "approver", "cashier", "supervisor", "auditor"}
EXPORTERS = READERS - {"auditor"}
ROLES = sorted(READERS | {"administrator"})
PAGES = [
    ("/desk/refunds/", READERS),
    ("/desk/refunds/totals/", READERS),
    ("/desk/refunds/export/csv/", EXPORTERS),
    ("/desk/refunds/export/xlsx/", EXPORTERS),
    ("/desk/refunds/2024/{manual}/", READERS),
    ("/desk/refunds/screenings/", READERS),
    ("/desk/refunds/screenings/new/", {"clerk"}),
    ("/desk/refunds/screenings/new/basis/", {"clerk"}),
    ("/desk/refunds/screenings/{screening}/", READERS),
    ("/desk/refunds/screenings/{screening}/progress/", READERS),
    ("/desk/refunds/screenings/{screening}/changes/", READERS),
    ("/desk/refunds/screenings/{screening}/changes/export/csv/", EXPORTERS),
    ("/desk/refunds/determinations/", READERS),
    ("/desk/refunds/determinations/manual/", READERS),
    ("/desk/refunds/determinations/new/2024/{manual}/", {"clerk"}),
    ("/desk/refunds/determinations/sheet/", {"clerk"}),
    ("/desk/refunds/determinations/sheet/template/", {"clerk"}),
    ("/desk/refunds/determinations/{determination}/", READERS),
    ("/desk/refunds/determinations/{determination}/evidence/", READERS),
    ("/desk/why/", READERS),
    ("/desk/why/?q=待定", READERS),
]


@pytest.fixture
def determination(judged: ScreeningRun, person: Callable[..., object]) -> Determination:
    """A fact of the unit in 吉林 that a clerk of the province has set, with a file."""
    row = Assessment.objects.get(outcome="manual")
    made = Determination(
        uscc=row.uscc,
        name=row.name,
        office_id=row.office_id,
        city_office_id=row.city_office_id,
        year=2023,
        fact="size",
        value="small",
        source="年度报告",
        evidence="2023 年度报告载明为小型企业",
        set_label="somebody",
        set_at=AT,
        file_name="年度报告.pdf",
        file_type="application/pdf",
    )
    made.file.save("proof.pdf", ContentFile(b"%PDF-1.7 proof"), save=False)
    made.save()
    return made


def address(template: str, determination: Determination, screening: ScreeningRun) -> str:
    return template.format(manual=determination.uscc, screening=screening.pk, determination=determination.pk)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_sees_exactly_its_pages(
    role: str, judged: ScreeningRun, determination: Determination, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(role)
    found = {path: client.get(address(path, determination, judged)).status_code for path, _ in PAGES}
    assert found == {path: 200 if role in allowed else 403 for path, allowed in PAGES}


def test_nobody_sees_anything_without_signing_in(judged: ScreeningRun, determination: Determination) -> None:
    for path, _ in PAGES:
        response = Client().get(address(path, determination, judged))
        assert (response.status_code, "/login/" in response["Location"]) == (302, True), path


OUTSIDE = [
    "/desk/refunds/2024/{manual}/",
    "/desk/refunds/determinations/new/2024/{manual}/",
    "/desk/refunds/determinations/{determination}/",
    "/desk/refunds/determinations/{determination}/evidence/",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_row_of_another_city_is_not_there(
    path: str, judged: ScreeningRun, determination: Determination, sign_in: Callable[..., Client]
) -> None:
    where = address(path, determination, judged)
    assert sign_in("clerk", "220100").get(where).status_code == 404
    assert sign_in("clerk", "220200").get(where).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/desk/refunds/",
        "/desk/refunds/export/csv/",
        "/desk/refunds/determinations/",
        "/desk/refunds/determinations/manual/",
        "/desk/why/?q=待定",
        "/desk/why/?q={manual}",
        "/desk/refunds/screenings/{screening}/",
    ],
)
def test_no_list_or_answer_names_a_unit_of_another_city(
    path: str, judged: ScreeningRun, determination: Determination, sign_in: Callable[..., Client]
) -> None:
    response = sign_in("clerk", "220100").get(address(path, determination, judged))
    content = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
    assert response.status_code == 200
    assert "吉林待定商贸有限公司" not in content.decode()


def test_a_city_reads_its_own_sums_and_not_the_provinces(judged: ScreeningRun, sign_in: Callable[..., Client]) -> None:
    assert "户数 <b>4</b>" in sign_in("clerk").get("/desk/refunds/totals/", HTTP_HX_REQUEST="true").content.decode()
    text = sign_in("clerk", "220100").get("/desk/refunds/totals/", HTTP_HX_REQUEST="true").content.decode()
    assert "户数 <b>2</b>" in text
    assert "6,000.00" in text
    assert "6,300.00" in sign_in("clerk").get("/desk/refunds/screenings/").content.decode()
    assert "6,300.00" not in sign_in("clerk", "220100").get("/desk/refunds/screenings/").content.decode()
    page = sign_in("clerk", "220100").get(f"/desk/refunds/screenings/{judged.pk}/")
    assert [(group.outcome, group.units) for group in page.context["groups"]] == [
        ("eligible", 1),
        ("manual", 0),
        ("apply", 0),
        ("ineligible", 1),
    ]


def test_evidence_is_taken_away_and_never_shown_in_the_browser(
    determination: Determination, sign_in: Callable[..., Client]
) -> None:
    response = sign_in().get(f"/desk/refunds/determinations/{determination.pk}/evidence/")
    assert b"".join(response.streaming_content) == b"%PDF-1.7 proof"  # type: ignore[attr-defined]
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/pdf"
