"""What a table's page does not do: rows are not added, edited or deleted by hand, and never all counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin as django_admin
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.views import ChangeList as UnfoldChangeList

from augury_server.web.admin.detail import detail_cell

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

    ModelAdmin = django_admin.ModelAdmin[Any]
else:
    ChangeList = UnfoldChangeList
    ModelAdmin = UnfoldModelAdmin

__all__ = ["ReadOnlyAdmin"]


class _Rows(ChangeList):
    """A list that never counts the whole table."""

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page; how many there are is said below them only."""
        super().get_results(request)
        self.full_result_count = self.result_count


class ReadOnlyAdmin(ModelAdmin):
    """A table that people read; a subclass may name `editable` fields, `hidden` ones and what an index sorts by."""

    editable: ClassVar[tuple[str, ...]] = ()
    hidden: ClassVar[tuple[str, ...]] = ()
    sortable: ClassVar[tuple[str, ...]] = ()

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[ChangeList]:  # noqa: ARG002
        """The list of rows."""
        return _Rows

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody adds rows by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody deletes rows by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change rows may do so where something is editable."""
        return bool(self.editable) and super().has_change_permission(request, obj)

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:  # noqa: ARG002
        """Columns that an index sorts by."""
        return self.sortable

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:  # noqa: ARG002
        """Every column but binary and hidden ones, each as it is best read."""
        fields = [field for field in self.model._meta.concrete_fields if self._is_shown(field)]
        return [field.name if field.name in self.editable else detail_cell(field, obj) for field in fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Everything that is not editable."""
        return [item for item in self.get_fields(request, obj) if item not in self.editable]

    def _is_shown(self, field: Any) -> bool:
        return not isinstance(field, models.BinaryField) and field.name not in self.hidden
