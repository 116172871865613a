"""Kinds of people, levels of offices, and classes of roles that exclude each other."""

from django.db import models

from caseworks.base.enums import Role


class PersonKind(models.TextChoices):
    """Staff of a bureau, somebody of an enterprise, or a worker who claims something personally."""

    STAFF = "staff", "工作人员"
    UNIT = "unit", "单位用户"
    WORKER = "worker", "个人用户"


class OfficeLevel(models.TextChoices):
    """Levels of the tree. (J1)"""

    PROVINCE = "province", "省"
    CITY = "city", "市（州）"
    COUNTY = "county", "县（市、区）"


class RoleClass(models.TextChoices):
    """A person holds roles of one class at a time. (N6.2)"""

    BUSINESS = "business", "业务"
    AUDITOR = "auditor", "稽核"
    ADMINISTRATOR = "administrator", "系统管理"


CLASS_OF_ROLE: dict[str, str] = {
    role.value: {
        Role.AUDITOR: RoleClass.AUDITOR.value,
        Role.ADMINISTRATOR: RoleClass.ADMINISTRATOR.value,
    }.get(role, RoleClass.BUSINESS.value)
    for role in Role
}


class SignInOutcome(models.TextChoices):
    """What came of a sign-in."""

    SIGNED_IN = "signed_in", "登录"
    REFUSED = "refused", "密码错误"
    LOCKED_OUT = "locked_out", "已锁定"
    SIGNED_OUT = "signed_out", "退出"
    PASSWORD_CHANGED = "password_changed", "修改密码"
