"""What every page of a table has: bounded pages, export, buttons that run operations, rows that are not edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin as django_admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path, reverse
from unfold.enums import ActionVariant

from augury_server.accounts.audit import record
from augury_server.web.admin.buttons import Button
from augury_server.web.admin.operate import MOST_ROWS, operate
from augury_server.web.admin.read_only_admin import ReadOnlyAdmin
from augury_server.web.export import FORMATS, export_columns, export_response
from augury_server.web.operating import may_run
from augury_server.web.paging import BoundedPaginator

__all__ = ["PlatformAdmin"]


class PlatformAdmin(ReadOnlyAdmin):
    """A table that people read, export and act on by operations.

    Rows are not added, edited or deleted here unless a subclass names `editable` fields: changes are operations'. The
    list sorts only by what has an index (`sortable`), and large ones look up exactly what is typed (`name__exact`).
    """

    section: ClassVar[str] = ""
    menu: ClassVar[str] = ""
    icon: ClassVar[str] = "table_rows"
    buttons: ClassVar[tuple[Button, ...]] = ()
    export: ClassVar[tuple[str, ...]] = ()

    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = django_admin.ShowFacets.NEVER
    list_filter_submit = True
    list_filter_sheet = True
    list_fullwidth = True
    actions_on_top = True
    compressed_fields = True

    # --- the record of edits -------------------------------------------------------------------------------

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record an edit in the audit trail, within the edit's transaction."""
        names = [name for item in message or () for name in item.get("changed", {}).get("fields", ())]
        kept = {name: getattr(obj, name) for name in self.editable if hasattr(obj, name)}
        detail = {"fields": names, "now": kept}
        action = f"admin.change_{self.opts.model_name}"
        return record(action, target=str(obj), detail=detail, by=request.user.get_username())

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:  # noqa: ARG002
        """What was done is in the audit trail."""
        return HttpResponseRedirect(reverse("admin:augury_accounts_auditentry_changelist"))

    # --- buttons -------------------------------------------------------------------------------------------

    def _offered(self, request: HttpRequest, *, rows: bool) -> list[Button]:
        return [button for button in self.buttons if button.rows == rows and may_run(request, button.operation)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Operations that act on the selected rows, of those that who asks may run."""
        if "_popup" in request.GET:
            return {}
        return {
            button.name: (_action(button), button.name, button.label) for button in self._offered(request, rows=True)
        }

    def get_urls(self) -> list[Any]:
        """The pages of the table, with those of its buttons and exports."""
        info = f"{self.opts.app_label}_{self.opts.model_name}"
        guard = self.admin_site.admin_view
        return [
            path("export/<str:form>/", guard(self.export_view), name=f"{info}_export"),
            path("operate/<str:name>/", guard(self.operate_view), name=f"{info}_operate"),
            path("<path:object_id>/operate/<str:name>/", guard(self.operate_view), name=f"{info}_operate_row"),
            *super().get_urls(),
        ]

    def operate_view(self, request: HttpRequest, name: str, object_id: str | None = None) -> HttpResponse:
        """The page of a button: of one row, or of the whole table."""
        button = next((each for each in self.buttons if each.name == name and each.rows == bool(object_id)), None)
        if button is None or not self.has_view_permission(request):
            raise PermissionDenied
        info = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if object_id is None:
            return operate(request, self, button, None, reverse(f"{info}_changelist"))
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        return operate(request, self, button, [row], reverse(f"{info}_change", args=[object_id]))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The page of a row, with its buttons at the top."""
        row = context.get("original")
        if row is not None:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_operate_row"
            offered = [button for button in self._offered(request, rows=True) if button.offered(row)]
            context["actions_detail"] = [_link(each, reverse(name, args=[row.pk, each.name])) for each in offered]
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, with the buttons of the whole table and the exports at the top."""
        response = super().changelist_view(request, extra_context)
        if hasattr(response, "context_data") and response.context_data and "cl" in response.context_data:
            response.context_data["actions_list"] = self._list_links(request)
        return response

    def _list_links(self, request: HttpRequest) -> list[dict[str, Any]]:
        info = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        links = [
            _link(button, reverse(f"{info}_operate", args=[button.name]))
            for button in self._offered(request, rows=False)
        ]
        asked = f"?{request.GET.urlencode()}" if request.GET else ""
        items = [
            {
                "title": f"{form.upper()} of these rows" if asked else f"{form.upper()} of all rows",
                "path": reverse(f"{info}_export", args=[form]) + asked,
                "icon": "download",
                "variant": ActionVariant.DEFAULT,
                "attrs": {},
                "dialog": None,
            }
            for form in FORMATS
        ]
        export = {"title": "Export", "icon": "download", "variant": ActionVariant.DEFAULT, "attrs": {}, "items": items}
        return [*links, {**export, "method_name": "export"}]

    # --- export --------------------------------------------------------------------------------------------

    def export_view(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """The rows of the list, as it is filtered and sorted, as CSV or JSON. Raises Http404 for another form."""
        known = next((each for each in FORMATS if each == form), None)
        if known is None:
            raise Http404
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        by = request.user.get_username()
        detail = {"form": form, "filters": dict(request.GET.items())}
        record("admin.export", target=self.opts.label_lower, detail=detail, by=by)
        columns = self.export or export_columns(self.model, self.hidden)
        return export_response(request, rows.select_related(None), columns, known, lambda _: None)


def _action(button: Button) -> Callable[..., Any]:
    def act(admin: PlatformAdmin, request: HttpRequest, queryset: Any) -> Any:
        hidden = [("action", button.name)]
        if request.POST.get("select_across") == "1":
            hidden.append(("select_across", "1"))
        hidden += [("_selected_action", value) for value in request.POST.getlist("_selected_action")]
        return operate(request, admin, button, list(queryset[: MOST_ROWS + 1]), request.get_full_path(), hidden)

    return act


def _link(button: Button, address: str) -> dict[str, Any]:
    variant = ActionVariant(button.variant)
    return {
        "title": button.label,
        "path": address,
        "icon": button.icon,
        "variant": variant,
        "attrs": {},
        "dialog": None,
    }
