"""What browsers are told: load and send nothing elsewhere, show these pages in no frame, use no device."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

__all__ = ["POLICY", "SecurityHeaders"]

POLICY = "; ".join(
    (
        "default-src 'self'",
        # The theme's pages hold scripts and styles, and its library evaluates expressions: both only from this origin.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""The content security policy."""


class SecurityHeaders:
    """Middleware that adds the headers which Django's own does not."""

    def __init__(self, following: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._following = following

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Add the headers; a page about somebody is kept by no cache."""
        response = self._following(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
        )
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response
