"""The left menu: entries by business, each with the permission that opens it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True)
class Item:
    """A line of the menu as it is declared."""

    label: str
    icon: str
    url_name: str
    permission: str
    #: lies below /admin/, which only supervisors, auditors and administrators enter
    admin: bool = False
    #: other lists whose waiting work is counted beside this line
    counts: tuple[str, ...] = ()
    #: pages elsewhere that belong to this line
    below: tuple[str, ...] = ()


MENU: tuple[tuple[str, tuple[Item, ...]], ...] = (
    ("", (Item("工作台", "bi-grid-1x2", "desk:home", ""),)),
    (
        "参保数据",
        (
            Item("参保单位", "bi-buildings", "registry:unit_list", "registry.view"),
            Item("数据导入", "bi-cloud-upload", "registry:import_list", "import.view"),
            Item("账户变更", "bi-credit-card-2-front", "registry:account_proposals", "registry.view"),
            Item("无对公账户声明", "bi-file-earmark-person", "money:declaration_list", "registry.view"),
            Item("单位承继", "bi-signpost-split", "refunds:succession_list", "registry.view"),
            Item("作废确认", "bi-archive", "registry:retirements", "registry.view"),
        ),
    ),
    (
        "稳岗返还",
        (
            Item("筛查结果", "bi-list-check", "refunds:assessment_list", "screening.view"),
            Item("全省筛查", "bi-funnel", "refunds:screening_list", "screening.view"),
            Item(
                "人工核定",
                "bi-pencil-square",
                "refunds:determination_list",
                "determination.view",
                counts=("refunds:manual_list",),
            ),
            Item("应补应退", "bi-plus-slash-minus", "refunds:difference_list", "recalculation.view"),
        ),
    ),
    (
        "劳务派遣",
        (
            Item("派遣单位申请", "bi-people", "dispatch:application_list", "dispatch.view"),
            Item("转付跟踪", "bi-hourglass-split", "dispatch:obligation_list", "dispatch.view"),
            Item("用工单位收款", "bi-buildings", "dispatch:host_list", "dispatch.view"),
            Item("转付凭证", "bi-receipt", "dispatch:voucher_list", "dispatch.view"),
            Item("取消资格", "bi-slash-circle", "dispatch:bar_list", "bar.view"),
        ),
    ),
    (
        "技能补贴",
        (
            Item("申领", "bi-mortarboard", "subsidies:claim_list", "claim.view"),
            Item("窗口受理", "bi-person-plus", "subsidies:claim_new", "claim.take"),
            Item("批量受理", "bi-upload", "subsidies:file_list", "claim.view"),
            Item("重复享受", "bi-intersect", "subsidies:overlap_list", "claim.view"),
            Item("政策找人", "bi-megaphone", "subsidies:invitation_list", "claim.view"),
            Item("社保卡变更", "bi-credit-card", "subsidies:card_list", "claim.view"),
            Item("技能补贴统计", "bi-bar-chart", "subsidies:statistics", "claim.view"),
        ),
    ),
    ("审核", (Item("审核", "bi-clipboard-check", "cases:review_list", "case.view", below=("/desk/cases/",)),)),
    (
        "公示",
        (
            Item("公示", "bi-megaphone", "announcements:announcement_list", "announcement.view"),
            Item("公示异议", "bi-chat-square-text", "announcements:objection_list", "objection.view"),
            Item("复核申请", "bi-arrow-counterclockwise", "announcements:second_look_list", "second_look.view"),
        ),
    ),
    (
        "拨付",
        (
            Item("拨付批次", "bi-collection", "money:batch_list", "payment.view"),
            Item("支付", "bi-credit-card", "money:payment_list", "payment.view"),
            Item("银行回盘", "bi-bank", "money:result_list", "payment.view"),
            Item("银行退回", "bi-arrow-return-left", "money:returned_list", "payment.view"),
            Item("月度对账", "bi-journal-check", "money:reconciliation_list", "payment.view"),
            Item("年末未办结", "bi-calendar-x", "money:left_list", "payment.view"),
            Item("基金月报", "bi-piggy-bank", "money:fund_months", "fund.view"),
        ),
    ),
    (
        "追回",
        (
            Item("追回", "bi-arrow-counterclockwise", "money:recovery_list", "recovery.view"),
            Item("退还", "bi-arrow-return-left", "money:repayment_list", "recovery.view"),
            Item("资金使用", "bi-wallet2", "money:use_list", "use.view"),
        ),
    ),
    ("查询统计", (Item("为什么没有我", "bi-question-circle", "refunds:why", "screening.view"),)),
    (
        "告知",
        (
            Item("通知", "bi-send", "notices:notice_list", "notice.view"),
            Item("文书", "bi-file-earmark-text", "documents:document_list", "document.view"),
        ),
    ),
    (
        "监管",
        (
            Item("监管看板", "bi-speedometer2", "admin:index", "dashboard.view", admin=True),
            Item("账目核对", "bi-clipboard2-check", "books:run_list", "books.view"),
            Item("基金运行", "bi-graph-up", "admin:oversight_fund", "dashboard.view", admin=True),
            Item("办理痕迹", "bi-fingerprint", "admin:oversight_traces", "trace.view", admin=True),
        ),
    ),
    (
        "管理",
        (
            Item("政策参数", "bi-journal-text", "admin:law_policy_changelist", "policy.view", admin=True),
            Item("工作日历", "bi-calendar3", "admin:law_calendaryear_changelist", "policy.view", admin=True),
            Item("通知模板", "bi-chat-left-quote", "admin:base_noticetemplate_changelist", "notice.view", admin=True),
            Item("人员", "bi-people", "admin:people_person_changelist", "people.view", admin=True),
            Item("机构", "bi-diagram-3", "admin:people_office_changelist", "people.view", admin=True),
        ),
    ),
)


@dataclass(frozen=True)
class Entry:
    """A line of the menu as a person sees it."""

    label: str
    icon: str
    url: str
    count: int
    current: bool

    @property
    def count_text(self) -> str:
        """The count as it is shown; beyond 999 nobody counts."""
        return str(self.count) if self.count < 1000 else "999+"


@dataclass(frozen=True)
class Group:
    """Entries under one heading."""

    label: str
    entries: list[Entry]


def menu(may: Callable[[str], bool], path: str, counts: Mapping[str, int], *, admin: bool = False) -> list[Group]:
    """The groups that a person may use; `counts` is waiting work by the name of the list that shows it."""
    found: list[tuple[str, list[tuple[Item, str]]]] = []
    for label, items in MENU:
        allowed = [(item, _address(item)) for item in items if _allowed(item, may, admin)]
        found.append((label, [(item, url) for item, url in allowed if url]))
    current = _current(path, [(top, url) for _, lines in found for item, url in lines for top in (url, *item.below)])
    return [
        Group(
            label,
            [
                Entry(
                    i.label, i.icon, url, sum(counts.get(name, 0) for name in (i.url_name, *i.counts)), url == current
                )
                for i, url in lines
            ],
        )
        for label, lines in found
        if lines
    ]


def _allowed(item: Item, may: Callable[[str], bool], admin: bool) -> bool:
    return (admin or not item.admin) and (not item.permission or may(item.permission))


def _address(item: Item) -> str:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return ""


def _current(path: str, addresses: list[tuple[str, str]]) -> str:
    """The entry with the longest address that the page's path lies below."""
    return max(
        ((top, url) for top, url in addresses if path.startswith(top)), key=lambda pair: len(pair[0]), default=("", "")
    )[1]
