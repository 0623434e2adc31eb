"""Which page answers which path."""

from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView

from augury_server.web.admin.tables import site

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", site.urls),
]
