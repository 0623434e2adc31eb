"""A form for the options of an operation, made from their types as the command line's flags are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from django import forms
from unfold import widgets

from augury.operations.operation import Operation

__all__ = ["OperationForm", "operation_form"]


class OperationForm(forms.Form):
    """Options as fields; `options` are those that were given, ready for the operation's spec."""

    def options(self) -> dict[str, Any]:
        """What was filled in; what was left empty keeps its default."""
        given = {}
        for name, value in self.cleaned_data.items():
            if value is None or value == "":
                continue
            many = getattr(self.fields[name], "many", None)
            given[name] = value if many is None else [many(part.strip()) for part in value.split(",") if part.strip()]
        return given


def operation_form(entry: Operation, names: Sequence[str], data: Mapping[str, Any] | None = None) -> OperationForm:
    """A form that asks for the options `names` of an operation."""
    form = OperationForm(data)
    hints = get_type_hints(entry.spec_type, include_extras=True)
    declared = {item.name: item for item in fields(entry.spec_type)}
    for name in (each for each in names if each in declared):
        item = declared[name]
        default = item.default if item.default is not MISSING else None
        required = item.default is MISSING and item.default_factory is MISSING
        form.fields[name] = _field(hints[name], default, required=required)
        form.fields[name].label = name.replace("_", " ").capitalize()
    return form


def _field(hint: Any, default: Any, *, required: bool) -> forms.Field:
    kind, meta = _unwrapped(hint)
    common: dict[str, Any] = {"required": required, "help_text": meta.get("description", "")}
    if get_origin(kind) is Literal:
        choices = [(choice, choice) for choice in get_args(kind)]
        blank = [] if default is not None or required else [("", "-")]
        return forms.ChoiceField(
            choices=blank + choices, initial=default, widget=widgets.UnfoldAdminSelectWidget(), **common
        )
    if kind is bool:
        return forms.BooleanField(
            initial=default, widget=widgets.UnfoldBooleanSwitchWidget(), **{**common, "required": False}
        )
    if kind is int:
        widget = widgets.UnfoldAdminIntegerFieldWidget()
        return forms.IntegerField(
            initial=default, min_value=meta.get("ge"), max_value=meta.get("le"), widget=widget, **common
        )
    if kind is float:
        return forms.FloatField(
            initial=default, min_value=meta.get("ge"), max_value=meta.get("le"),
            widget=widgets.UnfoldAdminDecimalFieldWidget(), **common,
        )  # fmt: skip
    if get_origin(kind) is tuple or get_origin(kind) is list:
        text = ", ".join(map(str, default or ()))
        common["help_text"] = f"{common['help_text']} Separate several by commas.".strip()
        field = forms.CharField(initial=text, widget=widgets.UnfoldAdminTextInputWidget(), **common)
        field.many = {int: int, float: float}.get(get_args(kind)[0], str)  # type: ignore[attr-defined]
        return field
    length = meta.get("max_length")
    return forms.CharField(
        initial=default or "", max_length=length, widget=widgets.UnfoldAdminTextInputWidget(), **common
    )


def _unwrapped(hint: Any) -> tuple[Any, dict[str, Any]]:
    """The type without `Annotated` and `| None`, and what `msgspec.Meta` says about it."""
    meta: dict[str, Any] = {}
    while True:
        origin, inner = get_origin(hint), get_args(hint)
        if origin is Annotated:
            for item in inner[1:]:
                if isinstance(item, msgspec.Meta):
                    said = {name: getattr(item, name) for name in ("description", "ge", "le", "max_length")}
                    meta.update({name: value for name, value in said.items() if value is not None})
            hint = inner[0]
        elif origin in (Union, UnionType):
            hint = next(choice for choice in inner if choice is not type(None))
        else:
            return hint, meta
