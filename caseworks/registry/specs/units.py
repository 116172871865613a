"""units.csv and accounts.csv."""

from __future__ import annotations

from caseworks.base.enums import AccountKind, Size, UnitStatus, UnitType
from caseworks.base.sheets import values
from caseworks.base.sheets.columns import Column
from caseworks.registry.enums import FileKind
from caseworks.registry.names import former_key, name_key
from caseworks.registry.specs.fields import REGION, UNIT_KNOWN, USCC, choice, day, required, same, secret, text
from caseworks.registry.specs.shape import Field, FileSpec, Stored

NAME = Field(
    Column("name", ("单位名称",), values.text(200), required=True),
    (
        Stored("name", "varchar(200)", same, ""),
        Stored("name_key", "varchar(200)", lambda value: name_key(value)[:200], "", compares=False),
    ),
)
FORMER_NAMES = Field(
    Column("former_names", ("曾用名",), values.text(1000)),
    (
        Stored("former_names", "varchar(1000)", same, ""),
        Stored("former_key", "varchar(1000)", lambda value: former_key(value)[:1000], "", compares=False),
    ),
)

UNITS = FileSpec(
    kind=FileKind.UNITS,
    table="registry_unit",
    fields=(
        USCC,
        NAME,
        required(choice("unit_type", "单位类型", UnitType)),
        choice("size", "企业划型", Size),
        required(REGION),
        required(choice("status", "参保状态", UnitStatus)),
        required(day("insured_from", "参保日期")),
        text("dispatch_licence", "劳务派遣许可证号", length=60),
        day("dispatch_licence_until", "许可证有效期止"),
        secret("phone", "phone_hash", "", "联系电话"),
        text("address", "地址", length=300),
        text("legal_representative", "法定代表人", length=100),
        text("contact", "联系人", length=100),
        FORMER_NAMES,
    ),
    key=("uscc",),
    key_columns=("uscc",),
)

ACCOUNTS = FileSpec(
    kind=FileKind.ACCOUNTS,
    table="registry_account",
    fields=(
        USCC,
        required(choice("kind", "账户类型", AccountKind)),
        text("bank_name", "开户银行"),
        text("bank_code", "联行号", length=40),
        required(secret("account_no", "account_hash", "account_tail", "银行账号")),
        required(text("account_name", "户名")),
    ),
    key=("uscc", "kind"),
    key_columns=("uscc", "kind"),
    known=(UNIT_KNOWN,),
    compared="(SELECT * FROM registry_account WHERE status <> 'superseded')",
    occupied="(SELECT * FROM registry_account WHERE status = 'current')",
)
