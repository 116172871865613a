"""workers.csv, worker_insurance.csv, benefit_spells.csv, certificates.csv and training_subsidies.csv."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from caseworks.base.enums import CertificateType, IdType
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column
from caseworks.registry.enums import FileKind
from caseworks.registry.specs.fields import (
    ID_TYPE,
    LEVEL,
    OCCUPATION_CODE,
    PERSON_KNOWN,
    PERSON_REGION,
    REGION,
    UNIT_KNOWN,
    UNIT_REGION,
    USCC,
    check_id,
    choice,
    day,
    id_no,
    money,
    month,
    required,
    same,
    secret,
    text,
)
from caseworks.registry.specs.shape import Field, FileSpec, Scope, Stored, Values


def check_months(row: Values) -> Iterator[tuple[str, str]]:
    """The ID number, and months in their order."""
    yield from check_id(row)
    first, last = row.get("period_from"), row.get("period_to")
    if first and last and last < first:
        yield "period_to", "截止期早于起始期，请核对"


WORKERS = FileSpec(
    kind=FileKind.WORKERS,
    table="registry_worker",
    fields=(
        id_no(lands=True),
        dataclasses.replace(
            ID_TYPE,
            stored=(Stored("id_type", "varchar(12)", same, IdType.RESIDENT_ID.value),),
        ),
        required(text("name", "姓名", length=100)),
        secret("phone", "phone_hash", "", "联系电话"),
        REGION,
        text("card_bank", "社保卡银行"),
        secret("card_account", "card_hash", "card_tail", "社保卡账号"),
        Field(Column("card_active", ("金融功能已激活",), values.yes_no), (Stored("card_active", "boolean", same),)),
    ),
    key=("id_hash",),
    key_columns=("id_no",),
    check=check_id,
)

WORKER_INSURANCE = FileSpec(
    kind=FileKind.WORKER_INSURANCE,
    table="registry_workerinsurance",
    fields=(
        id_no(lands=False),
        ID_TYPE,
        USCC,
        required(month("period_from", "起始期")),
        required(month("period_to", "截止期")),
    ),
    key=("id_hash", "uscc", "period_from"),
    key_columns=("id_no", "uscc", "period_from"),
    known=(PERSON_KNOWN, UNIT_KNOWN),
    check=check_months,
    scope=Scope("t.period_from", UNIT_REGION),
)

BENEFIT_SPELLS = FileSpec(
    kind=FileKind.BENEFIT_SPELLS,
    table="registry_benefitspell",
    fields=(
        id_no(lands=False),
        ID_TYPE,
        required(month("period_from", "起始期")),
        required(month("period_to", "截止期")),
    ),
    key=("id_hash", "period_from"),
    key_columns=("id_no", "period_from"),
    known=(PERSON_KNOWN,),
    check=check_months,
    scope=Scope("t.period_from", PERSON_REGION),
)

CERTIFICATES = FileSpec(
    kind=FileKind.CERTIFICATES,
    table="registry_certificate",
    fields=(
        id_no(lands=False),
        ID_TYPE,
        required(text("cert_no", "证书编号", length=60)),
        choice("cert_type", "证书类型", CertificateType),
        OCCUPATION_CODE,
        text("occupation", "职业/工种", "职业（工种）", "职业", length=100),
        LEVEL,
        required(day("issued_on", "发证日期")),
        text("issuer", "评价机构"),
    ),
    key=("cert_no",),
    key_columns=("cert_no",),
    known=(PERSON_KNOWN,),
    check=check_id,
    scope=Scope("to_char(t.issued_on, 'YYYY-MM')", PERSON_REGION),
)

TRAINING_SUBSIDIES = FileSpec(
    kind=FileKind.TRAINING_SUBSIDIES,
    table="registry_trainingsubsidy",
    fields=(
        id_no(lands=False),
        ID_TYPE,
        OCCUPATION_CODE,
        LEVEL,
        required(day("paid_on", "发放日期", "到账日期", "支付日期")),
        required(money("amount", "补贴金额", "金额")),
    ),
    key=("id_hash", "occupation_code", "level", "paid_on"),
    key_columns=("id_no", "occupation_code", "level", "paid_on"),
    known=(PERSON_KNOWN,),
    check=check_id,
    scope=Scope("to_char(t.paid_on, 'YYYY-MM')", PERSON_REGION),
)
