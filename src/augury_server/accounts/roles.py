"""Roles: a viewer reads, an operator acts, an administrator changes accounts and the schema too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from augury.errors import InvalidInput, nearest
from augury.operations.operation import Role

if TYPE_CHECKING:
    from django.apps import AppConfig

__all__ = ["ROLES", "allows", "has_permission", "known_role", "role_of", "sync_permissions"]

ROLES: tuple[Role, ...] = ("viewer", "operator", "administrator")
"""From the least to the most allowed; each may do what the ones before it may. Groups of Django have these names."""


def allows(have: str | None, need: str) -> bool:
    """Whether somebody with the role `have` (None: no role) may do what asks for the role `need`."""
    return have in ROLES and ROLES.index(have) >= ROLES.index(known_role(need))


def known_role(name: str) -> Role:
    """The role of that name; raises InvalidInput with the nearest name."""
    for role in ROLES:
        if role == name:
            return role
    raise InvalidInput(f"no role is named {name!r}; {nearest(name, ROLES)}")


def role_of(user: Any) -> Role | None:
    """The highest role of a Django user; None for nobody, for somebody disabled and for one without a role."""
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return None
    if user.is_superuser:
        return "administrator"
    names = {group.name for group in user.groups.all()}
    return next((role for role in reversed(ROLES) if role in names), None)


def has_permission(role: Role, label: str, codename: str) -> bool:
    """Whether a role has a permission of Django, named by its app's label and codename."""
    verb = codename.partition("_")[0]
    if not label.startswith("augury_"):
        return False
    if codename.endswith(("_person", "_apikey")):
        return role == "administrator"
    if verb == "view" or role == "administrator":
        return True
    return role == "operator" and verb == "change" and label != "augury_accounts"


def sync_permissions(sender: AppConfig, **_: Any) -> None:
    """Give the groups of the roles exactly their permissions of one app; it runs after every migration of the app."""
    from django.contrib.auth.models import Group, Permission

    every = list(Permission.objects.filter(content_type__app_label=sender.label).select_related("content_type"))
    if not every:
        return
    for role in ROLES:
        group, _made = Group.objects.get_or_create(name=role)
        wanted = {item.pk for item in every if has_permission(role, sender.label, item.codename)}
        have = set(group.permissions.filter(content_type__app_label=sender.label).values_list("pk", flat=True))
        group.permissions.remove(*(have - wanted))
        group.permissions.add(*(wanted - have))
