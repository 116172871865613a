"""docs/policy/2024.md names every figure, every rule and every seeded year."""

from __future__ import annotations

from pathlib import Path

from caseworks.law import seeding
from caseworks.law.schemes import parameters_by_scheme

DOCS = Path(__file__).parents[2] / "docs"


def test_the_policy_document_names_every_figure_and_every_rule() -> None:
    text = (DOCS / "policy" / "2024.md").read_text(encoding="utf-8")
    missing = []
    for parameters in parameters_by_scheme().values():
        missing += [field.name for field in parameters.figure_fields() if f"`{field.name}`" not in text]
    missing += [code for code in parameters_by_scheme()["refunds"].RULES if f"`{code}`" not in text]
    assert missing == []


def test_the_policy_document_names_every_document_of_the_seeds() -> None:
    text = (DOCS / "policy" / "2024.md").read_text(encoding="utf-8")
    numbers = {d["number"] for policy in seeding.all_policies() for d in policy.documents}
    assert {number for number in numbers if number not in text} == set()


def test_the_decisions_that_are_cited_exist() -> None:
    for number in ("0010", "0011", "0012", "0013", "0014", "0015"):
        assert list((DOCS / "decisions").glob(f"{number}-*.md")), number
