"""The page at /docs: the OpenAPI document for people, whole in itself: no script, nothing from anywhere else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any

import msgspec

__all__ = ["DOCS_POLICY", "docs_page"]

_STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5b6876;--line:#dfe4ea;--back:#f6f8fa;--card:#fff;--accent:#1f5fd0}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#97a3b1;--line:#2b3440;--back:#0f141a;--card:#171e26;
--accent:#79a8ff}}
*{box-sizing:border-box}body{margin:0;background:var(--back);color:var(--ink);font:16px/1.55 system-ui,sans-serif}
main{max-width:62rem;margin:0 auto;padding:1.5rem 1rem 4rem}h1{margin:.2rem 0 0;font-size:1.9rem}
h2{margin:2.2rem 0 .6rem;font-size:1.15rem;text-transform:capitalize}p{margin:.5rem 0}.soft,dt{color:var(--soft)}
a{color:var(--accent)}nav{display:flex;flex-wrap:wrap;gap:.4rem .9rem;margin:1rem 0}
details.route{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:.45rem 0}
details.route>summary{display:flex;flex-wrap:wrap;align-items:baseline;gap:.3rem .7rem;padding:.55rem .8rem;
cursor:pointer;list-style:none}summary::-webkit-details-marker{display:none}
.inside{padding:.1rem .9rem .9rem;border-top:1px solid var(--line)}
.method{font:700 .74rem/1.7 ui-monospace,monospace;padding:0 .5rem;border-radius:5px;color:#fff;min-width:4.2rem;
text-align:center}.get{background:#1f7a4d}.post{background:#1f5fd0}.put,.patch{background:#8a5a00}.delete{background:#b3261e}
.head,.options{background:#5b6876}code,pre{font-family:ui-monospace,Menlo,Consolas,monospace}
code.path{font-size:.95rem;overflow-wrap:anywhere}summary .soft{font-size:.92rem}
pre{background:var(--back);border:1px solid var(--line);border-radius:6px;padding:.7rem;overflow-x:auto;
font-size:.83rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}td,th{text-align:left;padding:.3rem .6rem .3rem 0;
border-bottom:1px solid var(--line);vertical-align:top}h3{font-size:.95rem;margin:1rem 0 .3rem}
@media(max-width:34rem){table,tbody,tr,td{display:block}thead{display:none}td{border:0;padding:.1rem 0}
tr{border-bottom:1px solid var(--line);padding:.4rem 0}}
"""
_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
DOCS_POLICY = f"default-src 'none'; style-src 'sha256-{_DIGEST}'; frame-ancestors 'none'; base-uri 'none'"
"""The page's content security policy: its own style and nothing else."""

_METHODS = ("get", "post", "put", "patch", "delete")


def docs_page(document: Mapping[str, Any]) -> str:
    """The page, for an OpenAPI document with its schemas in `components`."""
    info = document["info"]
    groups: dict[str, list[str]] = {}
    for path, item in document.get("paths", {}).items():
        for method in (each for each in _METHODS if each in item):
            operation = item[method]
            group = (operation.get("tags") or ["other"])[0]
            groups.setdefault(group, []).append(_route(path, method, operation))
    schemas = document.get("components", {}).get("schemas", {})
    links = "".join(f'<a href="#{escape(_anchor(name))}">{escape(name)}</a>' for name in (*sorted(groups), "schemas"))
    sections = "".join(
        f'<h2 id="{escape(_anchor(name))}">{escape(name)}</h2>{"".join(routes)}'
        for name, routes in sorted(groups.items())
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{escape(info["title"])} API</h1><p class="soft">version {escape(info["version"])}, '
        '<a href="/openapi.json">openapi.json</a></p>'
        f"{_prose(info.get('description', ''))}<nav>{links}</nav>{sections}"
        f'<h2 id="schemas">schemas</h2>{"".join(_schema(name, schemas[name]) for name in sorted(schemas))}'
        "</main></body></html>"
    )


def _route(path: str, method: str, operation: Mapping[str, Any]) -> str:
    summary = operation.get("summary", "")
    parts = [_prose(operation.get("description", ""))]
    if not operation.get("security"):
        parts.append('<p class="soft">No key is needed.</p>')
    parts.append(_parameters(operation.get("parameters", ())))
    body = operation.get("requestBody", {}).get("content", {})
    parts += [f"<h3>Body, {escape(kind)}</h3>{_shape(media)}" for kind, media in body.items()]
    parts += [_response(status, response) for status, response in operation.get("responses", {}).items()]
    return (
        f'<details class="route"><summary><span class="method {method}">{method.upper()}</span>'
        f'<code class="path">{escape(path)}</code><span class="soft">{escape(summary)}</span></summary>'
        f'<div class="inside">{"".join(parts)}</div></details>'
    )


def _parameters(parameters: Any) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code></td><td>{escape(item.get('in', ''))}"
        f"{', required' if item.get('required') else ''}</td><td>{escape(str(item.get('description', '')))}</td></tr>"
        for item in parameters
        if "name" in item
    )
    head = "<thead><tr><th>name</th><th>where</th><th>what</th></tr></thead>"
    return f"<h3>Parameters</h3><table>{head}<tbody>{rows}</tbody></table>" if rows else ""


def _response(status: str, response: Mapping[str, Any]) -> str:
    title = f"<h3>{escape('Otherwise' if status == 'default' else str(status))}: "
    title += f"{escape(str(response.get('description', '')))}</h3>"
    if status == "default":
        return title
    return title + "".join(_shape(media) for media in response.get("content", {}).values())


def _shape(media: Mapping[str, Any]) -> str:
    schema = media.get("schema", {})
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name:
        return f'<p><a href="#{escape(_anchor("schema-" + name))}">{escape(name)}</a></p>'
    return _json(schema) if schema else ""


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    anchor = escape(_anchor("schema-" + name))
    return (
        f'<details class="route" id="{anchor}"><summary><code class="path">{escape(name)}</code></summary>'
        f'<div class="inside">{_json(schema)}</div></details>'
    )


def _json(value: Any) -> str:
    return f"<pre>{escape(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())}</pre>"


def _prose(text: str) -> str:
    """Paragraphs; of Markdown, bold words and code are understood."""
    made = []
    for paragraph in escape(text.strip()).split("\n\n"):
        for mark, tag in (("**", "strong"), ("`", "code")):
            pieces = paragraph.split(mark)
            paragraph = "".join(
                piece if not place % 2 else f"<{tag}>{piece}</{tag}>" for place, piece in enumerate(pieces)
            )
        made.append(f"<p>{paragraph}</p>" if paragraph else "")
    return "".join(made)


def _anchor(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name.lower())
