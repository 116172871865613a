"""What to do first on an empty database: a policy in force, files imported, a screening run."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from caseworks.base.models import Run, RunState
from caseworks.law.enums import Scheme
from caseworks.law.models import Policy
from caseworks.people.models import Person
from caseworks.registry.models import Contribution, Unit


@dataclass(frozen=True)
class Step:
    """One of the first things to do, done or not; the address only for somebody who may do it."""

    title: str
    text: str
    done: bool
    url: str = ""
    action: str = ""


def first_steps(person: Person) -> list[Step]:
    """The steps while one of them is undone; nothing once the work runs."""
    if Run.objects.filter(kind="screening", state=RunState.DONE).exists():
        return []
    policy = Policy.objects.in_force().filter(scheme=Scheme.REFUNDS).exists()
    data = Unit.objects.exists() and Contribution.objects.exists()
    return [
        Step(
            "政策生效",
            "核对政策年度的返还比例、裁员率控制目标和依据，由另一人确认生效（主管办理）。",
            policy,
            *_door(person, "policy.force", "admin:law_policy_changelist", "打开政策参数"),
        ),
        Step(
            "导入数据",
            "上传参保单位、银行账户、缴费明细、减员记录、名单和基金收支文件，先预览，再确认入库（经办办理）。",
            data,
            *_door(person, "registry.import", "registry:import_new", "上传文件"),
        ),
        Step(
            "筛查",
            "对全省参保单位逐户比对，得出每一户的结论、金额和依据，无需单位申请（经办办理）。",
            False,
            *_door(person, "screening.run", "refunds:screening_new", "开始筛查"),
        ),
    ]


def _door(person: Person, permission: str, url_name: str, action: str) -> tuple[str, str]:
    if not person.has_perm(permission):
        return "", ""
    try:
        return reverse(url_name), action
    except NoReverseMatch:
        return "", ""
