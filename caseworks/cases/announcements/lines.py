"""The lines of an announcement as they are frozen: what is shown of a case, by the whitelist of its scheme. (N6.2)"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection

from caseworks.base.errors import Refusal
from caseworks.cases import sources
from caseworks.cases.enums import LineChange
from caseworks.cases.models import Announcement, Case
from caseworks.cases.private_words import private_words
from caseworks.registry import successions
from caseworks.registry.names import former_key

# A person's name as lists show it: 张*, 张*三, 欧**海.
_MASKED = """CASE char_length({name}) WHEN 0 THEN '' WHEN 1 THEN '*' WHEN 2 THEN left({name}, 1) || '*'
    ELSE left({name}, 1) || repeat('*', char_length({name}) - 2) || right({name}, 1) END"""
# The form of a name that search compares, as registry.names.name_key makes it.
_KEY = """upper(replace(regexp_replace(translate(normalize({name}, NFKC), %(brackets)s, %(round)s), '\\s+', '', 'g'),
    '|', ''))"""
_BRACKETS = {"brackets": "[]{}【】〔〕〈〉《》「」『』", "round": "()()()()()()()()"}
_COLUMNS = """announcement_id, position, case_id, name, name_key, former, former_key, shown, amount, fingerprint, live,
    change, before_name, before_amount, replaces_id"""
_LINES = f"""
    INSERT INTO cases_announcementline ({_COLUMNS})
    SELECT %(announcement)s, row_number() OVER (ORDER BY {{order}}), c.id, {{name}}, {{key}},
           {{former}}, {{former_key}}, {{shown}}, {{amount}}, c.fingerprint, {{live}},
           {{change}}, coalesce(o.name, ''), o.amount, o.id
    FROM cases_case c JOIN people_office f ON f.id = c.office_id
    LEFT JOIN registry_unit u ON u.uscc = c.subject
    LEFT JOIN unnest(%(heirs)s::text[], %(names)s::text[], %(keys)s::text[]) AS t(uscc, names, keys) ON t.uscc = c.subject
    LEFT JOIN ({{select}}) s ON s.case_id = c.id
    LEFT JOIN cases_announcementline o ON o.id = ANY(%(replaced)s) AND o.case_id = c.id
    WHERE c.id = ANY(%(ids)s)
"""
_CHANGE = f"""CASE WHEN o.id IS NULL THEN '{LineChange.ADDED.value}'
    WHEN c.status IN ('refused', 'withdrawn') THEN '{LineChange.REMOVED.value}'
    WHEN c.amount > o.amount THEN '{LineChange.RAISED.value}' WHEN c.amount < o.amount THEN '{LineChange.LOWERED.value}'
    ELSE '{LineChange.OTHER.value}' END"""
_REMOVED = "coalesce(c.status IN ('refused', 'withdrawn'), false)"
# Whatever the language of the database: digits of every width, with anything between them.
_SUSPECT = """
    SELECT position FROM cases_announcementline
    WHERE announcement_id = %s
      AND length(regexp_replace(normalize(name || former || shown::text, NFKC), '[^0-9]', '', 'g')) >= %s
    ORDER BY position
"""
_FEWEST_DIGITS = 10  # of a number of a person (`private_words`)


def write(announcement: Announcement, ids: list[int], replaced: Iterable[int] = ()) -> None:
    """Freeze the lines of these cases; `replaced` are the lines that a correction takes the place of."""
    announced = sources.announced(announcement.scheme)
    correction = announcement.corrects_id is not None
    shown = "jsonb_build_object({})".format(", ".join(f"'{key}', s.{key}" for key in announced.columns))
    former = (
        "left(concat_ws(';', nullif(u.former_names, ''), t.names), 1000)",
        "left(coalesce(u.former_key, '') || coalesce(t.keys, ''), 1000)",
    )
    taken_over = _taken_over(ids) if not announcement.persons else {}
    pieces = {
        "order": "o.position, f.code, c.subject" if correction else "f.code, c.subject",
        "name": _MASKED.format(name="c.name") if announcement.persons else "c.name",
        "key": "''" if announcement.persons else _KEY.format(name="c.name"),
        "former": "''" if announcement.persons else former[0],
        "former_key": "''" if announcement.persons else former[1],
        "shown": f"CASE WHEN {_REMOVED} THEN o.shown ELSE {shown} END" if correction else shown,
        "amount": f"CASE WHEN {_REMOVED} THEN 0 ELSE c.amount END" if correction else "c.amount",
        "live": f"NOT {_REMOVED}" if correction else "true",
        "change": _CHANGE if correction else "''",
        "select": announced.select,
    }
    values: dict[str, Any] = {
        "announcement": announcement.pk, "ids": ids, "replaced": list(replaced), "heirs": list(taken_over),
        "names": [";".join(names) for names in taken_over.values()],
        "keys": [former_key(";".join(names)) for names in taken_over.values()], **_BRACKETS,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_LINES.format(**pieces), values)


def _taken_over(ids: list[int]) -> dict[str, list[str]]:
    """The names of the units that the subjects of these cases took over; almost none did."""
    edges = successions.edges()
    heirs = Case.objects.filter(pk__in=ids, subject__in=set(edges.values())) if edges else Case.objects.none()
    return successions.names_taken_over(heirs.values_list("subject", flat=True))


def private_in(announcement: Announcement) -> list[str]:
    """The lines and the title in which a number of a person stands (ID, card, phone)."""
    texts = [("标题", announcement.title)]
    with connection.cursor() as cursor:
        cursor.execute(_SUSPECT, [announcement.pk, _FEWEST_DIGITS])
        suspects = announcement.lines.filter(position__in=[position for (position,) in cursor.fetchall()])
    for line in suspects.order_by("position"):
        texts.append((f"第 {line.position} 行", " ".join([line.name, line.former, *map(str, line.shown.values())])))
    return [f"{place}：含{'、'.join(found)}" for place, text in texts if (found := private_words(text))]


def refuse_private(texts: Iterable[str], what: str) -> None:
    """Refuse a text that is to be made public and holds a number of a person."""
    found = [word for text in texts for word in private_words(text)]
    if found:
        raise Refusal(f"{what}含有{'、'.join(found)}，未作任何更改。公示不得出现个人信息，请改正。")
