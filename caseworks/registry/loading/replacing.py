"""A replacing file: what it lacks within its period and region is listed for retirement; what comes again is not retired."""

from __future__ import annotations

from caseworks.base.errors import Refusal
from caseworks.registry.loading.merge import Merge, run, scalar
from caseworks.registry.models import ImportFile
from caseworks.registry.specs.shape import FileSpec, Stored


def check(spec: FileSpec, import_file: ImportFile) -> None:
    """A replacing file says for which periods it stands; files of units, accounts and people never retire anybody."""
    if spec.scope is None:
        raise Refusal(
            f"“{import_file.get_kind_display()}”不能以替换方式导入，未作任何更改。单位、账户和职工的变动请以状态或新值更新。"
        )
    if not (import_file.period_from and import_file.period_to) or import_file.period_from > import_file.period_to:
        raise Refusal("替换导入须注明文件所代表的起止期（YYYY-MM），且起始期不晚于截止期。未作任何更改。")


def _key(spec: FileSpec) -> list[Stored]:
    by_name = {column.name: column for column in spec.stored}
    return [by_name[name] for name in spec.key]


def key_object(spec: FileSpec, alias: str) -> str:
    """SQL: the key of a row as a JSON object, hashes in hexadecimal."""
    parts = (
        f"'{c.name}', " + (f"encode({alias}.{c.name}, 'hex')" if c.type == "bytea" else f'{alias}."{c.name}"')
        for c in _key(spec)
    )
    return f"jsonb_build_object({', '.join(parts)})"


def key_equals(spec: FileSpec, alias: str, document: str) -> str:
    """SQL: the row of the alias has the key of a JSON object."""
    return " AND ".join(
        f'{alias}."{c.name}" = '
        + (f"decode({document}->>'{c.name}', 'hex')" if c.type == "bytea" else f"({document}->>'{c.name}')::{c.type}")
        for c in _key(spec)
    )


def _key_array(spec: FileSpec, alias: str) -> str:
    parts = (
        f"encode({alias}.{c.name}, 'hex')" if c.type == "bytea" else f'{alias}."{c.name}"::text' for c in _key(spec)
    )
    return f"ARRAY[{', '.join(parts)}]"


def propose(merge: Merge, import_file: ImportFile) -> int:
    """List the stored rows of the file's period and region that it has neither as a good nor as a rejected row."""
    spec = merge.spec
    assert spec.scope is not None
    region = f"AND EXISTS ({spec.scope.region})" if import_file.region else ""
    owned = f"AND {merge.within.owned('t')}" if merge.within else ""
    uscc = "t.uscc" if "uscc" in {column.name for column in spec.stored if column.lands} else "''"
    return run(
        f"""
        INSERT INTO registry_retirement
            (import_file_id, kind, key, uscc, snapshot, status, proposed_by_id, decided_label, reason)
        SELECT %(file)s, %(kind)s, {key_object(spec, "t")}, {uscc}, to_jsonb(t), 'proposed', %(person)s, '', ''
        FROM {spec.table} t
        WHERE {spec.scope.period} BETWEEN %(first)s AND %(last)s {region} {owned}
          AND NOT EXISTS (SELECT 1 FROM {merge.stage} s WHERE {merge.keys("s", "t")})
          AND NOT EXISTS (SELECT 1 FROM registry_rejectedrow r
                          WHERE r.import_file_id = %(file)s AND r.key = {_key_array(spec, "t")})
          AND NOT EXISTS (SELECT 1 FROM registry_retirement o
                          WHERE o.kind = %(kind)s AND o.status = 'proposed' AND o.key = {key_object(spec, "t")})
        """,
        {
            "file": import_file.pk, "kind": import_file.kind, "person": import_file.person_id,
            "first": import_file.period_from, "last": import_file.period_to, "region": import_file.region,
            **(merge.within.parameters if merge.within else {}),
        },
    )  # fmt: skip


def keep_returned(merge: Merge, import_file: ImportFile) -> int:
    """Open proposals whose row came again are closed: the record stays."""
    spec = merge.spec
    waiting = "SELECT EXISTS (SELECT FROM registry_retirement WHERE kind = %s AND status = 'proposed')"
    if spec.scope is None or not scalar(waiting, [import_file.kind]):
        return 0
    return run(
        f"""
        UPDATE registry_retirement o SET status = 'kept', decided_at = %(at)s, decided_label = %(label)s,
               reason = '该记录再次出现在导入的文件中'
        WHERE o.kind = %(kind)s AND o.status = 'proposed'
          AND EXISTS (SELECT 1 FROM {merge.stage} s WHERE {key_equals(spec, "s", "o.key")})
        """,
        {"kind": import_file.kind, "at": import_file.created_at, "label": import_file.actor_label},
    )
