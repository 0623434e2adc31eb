"""The site that all pages of the administration belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import urlencode
from unfold.forms import AdminOwnPasswordChangeForm
from unfold.sites import UnfoldAdminSite

from augury_server.accounts.audit import record
from augury_server.web.login_form import LoginForm

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
else:
    AdminSite = UnfoldAdminSite

__all__ = ["AugurySite", "site"]


class _OwnPasswordView(PasswordChangeView):
    """Change one's own password, with a record of it."""

    def form_valid(self, form: Any) -> Any:
        """Save the password and its record in one transaction."""
        with transaction.atomic():
            response = super().form_valid(form)
            name = self.request.user.get_username()
            record("accounts.password", target=name, by=name)
        return response


class AugurySite(AdminSite):
    """Administration with a home page of its own, limited log-in attempts and a recorded change of password."""

    site_title = site_header = "Augury"
    index_title = "Overview"
    index_template = "augury/home.html"
    login_form = LoginForm
    login_template = "augury/login.html"
    enable_nav_sidebar = True

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The home page: how everything is, at a glance."""
        from augury_server.web.home import home_context

        return super().index(request, {**home_context(request), **(extra_context or {})})

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The log-in page; it leads home unless a page was asked for."""
        if request.method == "GET" and REDIRECT_FIELD_NAME not in request.GET:
            home = reverse("admin:index", current_app=self.name)
            return HttpResponseRedirect(f"{request.path}?{urlencode({REDIRECT_FIELD_NAME: home})}")
        return super().login(request, extra_context)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Change one's own password."""
        request.current_app = self.name
        view = _OwnPasswordView.as_view(
            form_class=AdminOwnPasswordChangeForm,
            success_url=reverse(f"{self.name}:password_change_done", current_app=self.name),
            template_name="registration/password_change_form.html",
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


site = AugurySite(name="admin")
