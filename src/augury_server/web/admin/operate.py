"""The page between a button and its operation: what will be done to what, and the options that are asked for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from augury.errors import AuguryError
from augury_server.operations.table import Table
from augury_server.web.admin.buttons import Button
from augury_server.web.operating import Done, known_operation, may_run, run_for
from augury_server.web.operation_form import OperationForm, operation_form

__all__ = ["MOST_ROWS", "operate"]

MOST_ROWS = 1_000
"""How many rows one click acts on: more is work for an operation of its own."""
_SHOWN = 10


def operate(
    request: HttpRequest, admin: Any, button: Button, rows: list[Any] | None, back: str, hidden: Any = ()
) -> HttpResponse:
    """Ask, then run the operation for each row (once for None) and go back, or show what it gave.

    `hidden` are names and values that the form sends again. Raises PermissionDenied for a role that is too low.
    """
    entry = known_operation(button.operation)
    if entry is None or not may_run(request, button.operation):
        raise PermissionDenied
    if rows is not None and len(rows) > MOST_ROWS:
        messages.error(request, f"At most {MOST_ROWS:,} rows at once; filter the list first.")
        return HttpResponseRedirect(back)
    usable = None if rows is None else [row for row in rows if button.offered(row)]
    if rows and not usable:
        messages.warning(request, f"{button.label}: not possible for what was selected in its present state.")
        return HttpResponseRedirect(back)
    form = operation_form(entry, button.ask, request.POST if "confirmed" in request.POST else None)
    if request.method == "POST" and "confirmed" in request.POST and form.is_valid():
        if usable is None:
            response = _run_once(request, admin, button, form)
            if response is not None:
                return response
        else:
            results = _run_for_rows(request, button, usable, form)
            if button.shows and results:
                return _result_page(request, admin, button.label, _together(results))
            return HttpResponseRedirect(back)
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.model._meta,
        "title": button.label,
        "button": button,
        "entry": entry,
        "rows": None if usable is None else [str(row) for row in usable[:_SHOWN]],
        "more": 0 if usable is None else max(0, len(usable) - _SHOWN),
        "skipped": 0 if rows is None or usable is None else len(rows) - len(usable),
        "form": form,
        "hidden": hidden,
        "back": back,
    }
    return TemplateResponse(request, "augury/operate.html", context)


def _run_once(request: HttpRequest, admin: Any, button: Button, form: OperationForm) -> HttpResponse | None:
    """Run for no row; a page with the result, or None when it was refused and the form says why."""
    try:
        done = run_for(request, button.operation, {**button.options(None), **form.options()})
    except AuguryError as error:
        form.add_error(None, str(error))
        return None
    return _result_page(request, admin, button.label, done.result, job=done.job)


def _result_page(request: HttpRequest, admin: Any, label: str, result: Any, *, job: str = "") -> HttpResponse:
    shown = {} if result is None else result.to_dict()
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.model._meta,
        "title": getattr(result, "title", label),
        "job": job,
        "facts": {name: value for name, value in shown.items() if name not in ("rows", "notes")},
        "columns": getattr(result, "columns", ()),
        "result_rows": getattr(result, "rows", ())[:MOST_ROWS],
        "notes": getattr(result, "notes", ()),
    }
    response = TemplateResponse(request, "augury/result.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _together(results: list[Any]) -> Any:
    """One result, or the facts of several as rows."""
    first = results[0]
    if len(results) == 1:
        return first
    columns = tuple(first.facts)
    rows = tuple(tuple(each.facts.get(name) for name in columns) for each in results)
    return Table(title=f"{len(results):,} done", columns=columns, rows=rows, notes=first.notes)


def _run_for_rows(request: HttpRequest, button: Button, rows: list[Any], form: OperationForm) -> list[Any]:
    """Run for each row and tell how it went; the results there are."""
    done, errors = 0, []
    last = Done()
    results = []
    for row in rows:
        try:
            last = run_for(request, button.operation, {**button.options(row), **form.options()})
            done += 1
        except AuguryError as error:
            errors.append(f"{row}: {error}")
        else:
            results += [last.result] if last.result is not None else []
    if done:
        messages.success(request, _told(button, done, last))
    for text in errors[:5]:
        messages.error(request, text)
    if len(errors) > 5:
        messages.error(request, f"... and {len(errors) - 5:,} more were refused.")
    return results


def _told(button: Button, done: int, last: Done) -> str:
    if last.job:
        return f"{button.label}: {done:,} {'job' if done == 1 else 'jobs'} queued."
    title = str(getattr(last.result, "title", "")) or f"{button.label}: done"
    return f"{title}." if done == 1 else f"{button.label}: done for {done:,}."
