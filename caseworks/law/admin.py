"""The supervisors' policy pages: drafts with their figures, and putting in force by another person (N2.7)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from caseworks.base.errors import Refusal
from caseworks.law import calendar_admin, comparing, policies
from caseworks.law.enums import PolicyStatus
from caseworks.law.forms import FigureForm, FigureFormSet, ForceForm, NewPolicyForm, PolicyForm
from caseworks.law.models import CalendarYear, Deadline, Policy, PolicyFigure
from caseworks.law.schemes import parameters_of
from caseworks.people.actors import Actor


class FigureInline(admin.TabularInline):
    """The figures of one row, each with its clause; none is added or taken away by hand."""

    model = PolicyFigure
    form = FigureForm
    formset = FigureFormSet
    fields = ("label", "value", "clause", "note")
    readonly_fields = ("label",)
    extra = 0
    can_delete = False

    @admin.display(description="参数")
    def label(self, row: PolicyFigure) -> str:
        """The Chinese name, and the name by which rules know it."""
        return f"{parameters_of(row.policy.scheme).labels().get(row.name, row.name)}（{row.get_kind_display()}）"

    @admin.display(description="数值")
    def shown(self, row: PolicyFigure) -> str:
        """With its codes in Chinese."""
        return parameters_of(row.policy.scheme).shown(row.figure)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        editable = obj is None or self.has_change_permission(request, obj)
        return self.fields if editable else ("label", "shown", "clause", "note")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("label", "shown")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyFigure]:
        return super().get_queryset(request).select_related("policy")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_edit(request, obj)


def may_edit(request: HttpRequest, policy: Policy | None) -> bool:
    """A draft, by a supervisor of the office that looks after its region."""
    if policy is None:
        return True
    return policy.status == PolicyStatus.DRAFT and policies.may(
        Actor.of_request(request), "policy.draft", policy.region
    )


class RegionFilter(admin.SimpleListFilter):
    """The nation's rows, or those of one region."""

    title = "地区"
    parameter_name = "place"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = Policy.objects.order_by("region").values_list("region", flat=True).distinct()
        return [(region or "nation", f"地区 {region}" if region else "全国") for region in found]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Policy]) -> QuerySet[Policy]:
        chosen = self.value()
        return queryset.filter(region="" if chosen == "nation" else chosen) if chosen else queryset


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):
    """政策."""

    form = PolicyForm
    inlines = (FigureInline,)
    list_display = (
        "title",
        "scheme",
        "place",
        "year",
        "version",
        "span",
        "state",
        "drafted_label",
        "in_force_label",
    )
    list_filter = ("scheme", "year", RegionFilter, "status")
    search_fields = ("title", "documents")
    actions = None

    class Media:
        css = {"all": ("caseworks/law.css",)}

    change_form_template = "admin/law/policy_change.html"
    head = ("scheme", "region", "year", "version", "status", "drafted_label", "drafted_at")
    signed = ("in_force_label", "in_force_at", "supersedes", "superseded_at")

    @admin.display(description="地区", ordering="region")
    def place(self, policy: Policy) -> str:
        return policy.region_label

    @admin.display(description="施行起 / 受理止", ordering="effective_from")
    def span(self, policy: Policy) -> str:
        return f"{policy.effective_from} / {policy.effective_to or '—'}"

    @admin.display(description="状态", ordering="status")
    def state(self, policy: Policy) -> str:
        marks = {PolicyStatus.DRAFT: "✎ ", PolicyStatus.IN_FORCE: "✔ ", PolicyStatus.SUPERSEDED: "⊘ "}
        return marks[PolicyStatus(policy.status)] + policy.get_status_display()

    # -- who may what

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A draft may be thrown away; nothing else."""
        return obj is not None and super().has_delete_permission(request, obj) and may_edit(request, obj)

    # -- the form

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=PolicyForm if obj else NewPolicyForm, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            new = ("source", "region", "year", "title", "documents_text", "effective_from", "effective_to", "note")
            return [(None, {"fields": new})]
        documents = "documents_text" if self.has_change_permission(request, obj) else "documents_shown"
        fields: tuple[str, ...] = ("title", documents, "effective_from", "effective_to", "note")
        kept = self.head if obj.status == PolicyStatus.DRAFT else self.head + self.signed
        return [(None, {"fields": fields}), ("记录", {"fields": kept})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.head, *self.signed, "documents_shown") if obj else ()

    @admin.display(description="文件")
    def documents_shown(self, policy: Policy) -> str:
        return "；".join(" ".join(filter(None, [d["number"], d.get("title"), d.get("date")])) for d in policy.documents)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:
        by, at = Actor.of_request(request), timezone.now()
        if change:
            policies.revise(obj, by=by, at=at)
            return
        source: Policy = form.cleaned_data["source"]
        made = policies.draft(
            scheme=source.scheme,
            region=obj.region,
            year=obj.year,
            title=obj.title,
            documents=obj.documents,
            effective_from=obj.effective_from,
            effective_to=obj.effective_to,
            note=obj.note,
            figures=policies.figures_after(source),
            supersedes=source if (source.region, source.year) == (obj.region, obj.year) else None,
            by=by,
            at=at,
        )
        obj.__dict__.update(made.__dict__)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal, or a row that was put in force meanwhile, is said in words."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refusal as refusal:
            messages.error(request, str(refusal))
        except IntegrityError as error:
            messages.error(request, policies.words_of(error))
        return redirect(request.get_full_path())

    def response_add(self, request: HttpRequest, obj: Policy, post_url_continue: str | None = None) -> HttpResponse:
        """On to the draft's figures."""
        messages.success(request, f"已建立草稿“{obj}”，请核对各项参数。")
        return redirect("admin:law_policy_change", obj.pk)

    # -- copying and putting in force

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<int:pk>/force/", guard(self.force_view), name="law_policy_force"),
            path("<int:pk>/copy/", guard(require_POST(self.copy_view)), name="law_policy_copy"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        policy = Policy.objects.filter(pk=object_id).first() if object_id.isdigit() else None
        by = Actor.of_request(request)
        extra = {
            "policy": policy,
            "may_copy": policy is not None and policies.may(by, "policy.draft", policy.region),
            "may_force": policy is not None
            and policy.status == PolicyStatus.DRAFT
            and policies.may(by, "policy.force", policy.region),
        }
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A new version to be changed and put in force."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        policy = get_object_or_404(Policy, pk=pk)
        try:
            made = policies.copy_as_draft(policy, by=Actor.of_request(request), at=timezone.now())
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("admin:law_policy_change", pk)
        self.log_addition(request, made, f"复制自 {policy}")
        messages.success(request, f"已复制为草稿“{made}”。")
        return redirect("admin:law_policy_change", made.pk)

    def force_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What changes against the row before, every figure, and the signature of another person."""
        policy = get_object_or_404(Policy, pk=pk)
        by = Actor.of_request(request)
        if not policies.may(by, "policy.force", policy.region):
            raise PermissionDenied
        form = ForceForm(request.POST or None, initial={"shown": comparing.fingerprint(policy)})
        if request.method == "POST" and form.is_valid():
            try:
                policies.put_in_force(policy, by=by, at=timezone.now(), shown=form.cleaned_data["shown"])
            except Refusal as refusal:
                messages.error(request, str(refusal))
                return redirect("admin:law_policy_force", pk)
            self.log_change(request, policy, "生效")
            messages.success(request, f"“{policy}”已生效。")
            return redirect("admin:law_policy_change", pk)
        before = comparing.previous(policy)
        typed = parameters_of(policy.scheme)
        labels = typed.labels()
        context = {
            **self.admin_site.each_context(request),
            "title": f"生效：{policy}",
            "policy": policy,
            "opts": self.opts,
            "before": before,
            "differences": comparing.differences(policy, before),
            "figures": [(labels.get(name, name), typed.shown(f), f) for name, f in policy.figures_dict().items()],
            "own_draft": policy.drafted_by_id is not None and policy.drafted_by_id == by.person.pk,  # type: ignore[union-attr]
            "form": form,
            "back": reverse("admin:law_policy_change", args=[pk]),
        }
        return TemplateResponse(request, "admin/law/policy_force.html", context)


@admin.register(Deadline)
class DeadlineAdmin(calendar_admin.DeadlineAdmin):
    """期限."""


@admin.register(CalendarYear)
class CalendarYearAdmin(calendar_admin.CalendarYearAdmin):
    """工作日历."""
