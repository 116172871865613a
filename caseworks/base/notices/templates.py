"""The words of notices: seeds in TOML, versions in the database, placeholders in braces.

The kernel's seeds stand beside this module; a scheme brings its own in `<scheme>/seeds/notices.toml`. `setup` installs
them, and installs a changed seed again unless a person has written a later version.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from caseworks.base.errors import Refusal
from caseworks.base.models import NoticeTemplate

SEEDED = "setup"
# What every notice may say, with a sample; the delivery and the pages fill it in.
COMMON = {
    "name": "示例制造有限公司",
    "year": "2024",
    "office": "长春市社会保险事业管理局",
    "office_phone": "0431-12345678",
}
SMS_LIMIT = 500
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class MissingValue(Exception):
    """A notice has no value for a placeholder of its template."""


@dataclass(frozen=True)
class Seed:
    """A template as it is brought along."""

    code: str
    label: str
    sms: str
    title: str
    body: str
    placeholders: Mapping[str, str]


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its placeholders filled; MissingValue where one has no value."""

    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if values.get(name) in (None, ""):
            raise MissingValue(name)
        return str(values[name])

    return _PLACEHOLDER.sub(value, text)


def placeholders_in(*texts: str) -> set[str]:
    """The placeholders that texts use."""
    return {name for text in texts for name in _PLACEHOLDER.findall(text)}


def samples(template: NoticeTemplate) -> dict[str, str]:
    """A value for each placeholder, for a preview."""
    return {**COMMON, **template.placeholders}


@lru_cache(maxsize=1)
def seeds() -> Mapping[str, Seed]:
    """Every seed by its code."""
    found: dict[str, Seed] = {}
    for path in _files():
        for entry in tomllib.loads(path.read_text(encoding="utf-8"))["template"]:
            seed = Seed(
                entry["code"],
                entry["label"],
                entry.get("sms", "").strip(),
                entry.get("title", "").strip(),
                entry.get("body", "").strip(),
                entry.get("placeholders", {}),
            )
            if seed.code in found:
                raise ValueError(f"{path}: the template {seed.code} stands twice")
            unknown = placeholders_in(seed.sms, seed.title, seed.body) - seed.placeholders.keys() - COMMON.keys()
            if unknown:
                raise ValueError(f"{path}: {seed.code} uses {sorted(unknown)} without a sample")
            found[seed.code] = seed
    return found


def _files() -> Iterator[Path]:
    yield Path(__file__).parent / "seeds" / "notices.toml"
    for scheme in settings.SCHEMES:
        package = import_module(scheme.rpartition(".")[0])
        path = Path(str(package.__file__)).parent / "seeds" / "notices.toml"
        if path.exists():
            yield path


def of_scheme(code: str, scheme: str) -> str:
    """The code of a scheme's own words for an event, `<scheme>_<code>`, where it brought any."""
    own = f"{scheme}_{code}"
    return own if own in seeds() else code


def current(code: str, *, at: datetime) -> NoticeTemplate:
    """The version in use; a seed that was not installed yet is. LookupError for a code that nobody brought."""
    found = NoticeTemplate.objects.filter(code=code).order_by("-version").first()
    if found is None:
        if code not in seeds():
            raise LookupError(f"no template of notices has the code {code!r}")
        _install(seeds()[code], 1, at)
        found = NoticeTemplate.objects.filter(code=code).order_by("-version").get()
    return found


def install(*, at: datetime) -> int:
    """Bring the seeds into the database: new ones, and changed ones that nobody has edited. Returns how many."""
    latest = {row.code: row for row in NoticeTemplate.objects.order_by("code", "version")}
    made = 0
    for seed in seeds().values():
        known = latest.get(seed.code)
        if known is None:
            _install(seed, 1, at)
        elif known.made_by_label == SEEDED and not _same(known, seed):
            _install(seed, known.version + 1, at)
        else:
            continue
        made += 1
    return made


def revise(
    template: NoticeTemplate, *, sms: str, title: str, body: str, note: str, label: str, at: datetime
) -> NoticeTemplate:
    """A new version of a template, in use from now on. Refused where it uses what no notice can say."""
    sms, title, body = sms.strip(), title.strip(), body.strip()
    check(template, sms=sms, title=title, body=body)
    latest = NoticeTemplate.objects.filter(code=template.code).order_by("-version")[0]
    if latest.pk != template.pk:
        raise Refusal(f"“{template.label}”已有第 {latest.version} 版，没有保存。请刷新后在新版本上修改。")
    if (sms, title, body) == (latest.sms, latest.title, latest.body):
        raise Refusal("内容与现行版本相同，没有保存。")
    try:
        with transaction.atomic():
            return NoticeTemplate.objects.create(
                code=latest.code,
                version=latest.version + 1,
                label=latest.label,
                sms=sms,
                title=title,
                body=body,
                placeholders=latest.placeholders,
                note=note.strip(),
                made_by_label=label,
                made_at=at,
            )
    except IntegrityError as error:
        if "noticetemplate_version_once" in str(error):
            raise Refusal(f"“{template.label}”刚被他人修改，没有保存。请刷新后重试。") from error
        raise


def check(template: NoticeTemplate, *, sms: str, title: str, body: str) -> None:
    """Refuse words that cannot be sent: unknown placeholders, a lone brace, too long, nothing at all."""
    allowed = samples(template)
    unknown = sorted(placeholders_in(sms, title, body) - allowed.keys())
    if unknown:
        names = "、".join(f"{{{name}}}" for name in unknown)
        known = "、".join(f"{{{name}}}" for name in allowed)
        raise Refusal(f"模板中的 {names} 不可用，没有保存。可用的有：{known}。")
    if any(set("{}") & set(_PLACEHOLDER.sub("", text)) for text in (sms, title, body)):
        raise Refusal("模板中的花括号不成对，没有保存。请检查后重试。")
    if not sms and not body:
        raise Refusal("短信和站内信至少要有一种内容，没有保存。")
    if bool(title) != bool(body):
        raise Refusal("站内信须同时有标题和内容，没有保存。")
    if len(fill(sms, allowed)) > SMS_LIMIT:
        raise Refusal(f"短信按样例填写后超过 {SMS_LIMIT} 字，没有保存。请缩短。")


def _install(seed: Seed, version: int, at: datetime) -> None:
    NoticeTemplate.objects.bulk_create(
        [
            NoticeTemplate(
                code=seed.code,
                version=version,
                label=seed.label,
                sms=seed.sms,
                title=seed.title,
                body=seed.body,
                placeholders=dict(seed.placeholders),
                made_by_label=SEEDED,
                made_at=at,
            )
        ],
        ignore_conflicts=True,  # two who post for the first time at once
    )


def _same(row: NoticeTemplate, seed: Seed) -> bool:
    return (row.label, row.sms, row.title, row.body, row.placeholders) == (
        seed.label,
        seed.sms,
        seed.title,
        seed.body,
        dict(seed.placeholders),
    )
