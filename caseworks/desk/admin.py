"""通知模板: a supervisor of the province writes a new version, with a preview on sample values; old ones stay. (N5.1)"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from caseworks.base.errors import Refusal
from caseworks.base.models import NoticeTemplate
from caseworks.base.notices import templates
from caseworks.people import offices
from caseworks.people.actors import Actor


class WordsForm(forms.Form):
    """The words of a new version."""

    sms = forms.CharField(
        label="短信内容", required=False, max_length=templates.SMS_LIMIT, widget=forms.Textarea(attrs={"rows": 4})
    )
    title = forms.CharField(label="站内信标题", required=False, max_length=100)
    body = forms.CharField(
        label="站内信内容", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 6})
    )
    note = forms.CharField(label="修改说明", required=False, max_length=200)


@admin.register(NoticeTemplate)
class NoticeTemplateAdmin(admin.ModelAdmin):
    """通知模板."""

    list_display = ("label", "code", "version", "sms", "title", "made_by_label", "made_at")
    list_display_links = ("label",)
    search_fields = ("label", "code")
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeTemplate]:
        """The list has the versions in use; a page may show any."""
        rows = super().get_queryset(request)
        if request.resolver_match is not None and request.resolver_match.kwargs.get("object_id"):
            return rows
        latest = NoticeTemplate.objects.filter(code=OuterRef("code")).order_by("-version").values("pk")[:1]
        return rows.filter(pk=Subquery(latest)).order_by("code")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """New ones come with the program."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was sent can always be read again."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The words go out in the whole province: its own supervisors write them."""
        if not super().has_change_permission(request, obj):
            return False
        return Actor.of_request(request).may("notice.template", offices.root())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The words with their preview, and a form for the next version."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        latest = NoticeTemplate.objects.filter(code=row.code).order_by("-version")[0]
        editable = row.pk == latest.pk and self.has_change_permission(request, row)
        if request.method == "POST" and not editable:
            raise PermissionDenied
        initial = {"sms": row.sms, "title": row.title, "body": row.body}
        form = WordsForm(request.POST if request.method == "POST" else None, initial=initial)
        if request.method == "POST" and form.is_valid():
            made = self._made(request, row, form)
            if made is not None:
                messages.success(request, f"已保存“{made}”，此后产生的通知使用新内容。")
                return redirect("admin:base_noticetemplate_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": str(row),
            "opts": self.opts,
            "row": row,
            "form": form,
            "editable": editable,
            "latest": latest,
            "samples": templates.samples(row).items(),
            "preview": self._preview(row, form),
            "versions": NoticeTemplate.objects.filter(code=row.code).order_by("-version"),
        }
        return TemplateResponse(request, "admin/notices/template_change.html", context)

    def _made(self, request: HttpRequest, row: NoticeTemplate, form: WordsForm) -> NoticeTemplate | None:
        """The new version; None for a preview, or where it was refused (said on the form)."""
        given = form.cleaned_data
        words = {name: given[name].strip() for name in ("sms", "title", "body")}
        try:
            templates.check(row, **words)
            if "_preview" in request.POST:
                return None
            label = Actor.of_request(request).label
            return templates.revise(row, **words, note=given["note"], label=label, at=timezone.now())
        except Refusal as refusal:
            form.add_error(None, [refusal.message, *refusal.details])
            return None

    def _preview(self, row: NoticeTemplate, form: WordsForm) -> dict[str, str]:
        """The words on sample values: those of the form where they can be sent, else those of the row."""
        right = form.is_bound and form.is_valid()
        words = {name: form.cleaned_data[name] if right else getattr(row, name) for name in ("sms", "title", "body")}
        return {name: templates.fill(text, templates.samples(row)) for name, text in words.items()}
