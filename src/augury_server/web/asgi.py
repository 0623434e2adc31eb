"""The ASGI application of the pages."""

from __future__ import annotations

import warnings

from augury_server.settings.preparing import prepare

prepare()

from django.core.asgi import get_asgi_application  # noqa: E402 - models must be ready first

# Static files come from WhiteNoise in one piece each; they are small, and what is large (exports) is asynchronous.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous", category=Warning)

application = get_asgi_application()
