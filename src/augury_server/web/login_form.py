"""The form of the log-in page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm as UnfoldForm

from augury.errors import Refused
from augury_server.accounts.logins import check_attempt

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm
else:
    AdminAuthenticationForm = UnfoldForm

__all__ = ["LoginForm"]


class LoginForm(AdminAuthenticationForm):
    """Name and password; after too many failures an attempt is declined before the password is looked at."""

    def clean(self) -> dict[str, Any]:
        """Judge the attempt. Raises ValidationError with a message for the person."""
        address = self.request.META.get("REMOTE_ADDR", "") if self.request is not None else ""
        try:
            check_attempt(str(self.cleaned_data.get("username", "")), address)
        except Refused as error:
            raise ValidationError(f"{error}.".capitalize()) from None
        return super().clean()
