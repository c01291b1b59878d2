"""A GraphQL response as HTML that a person likes to look at; no script, nothing loaded from anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import orjson

STYLE = """\
<style>
.bv{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;color:var(--jp-ui-font-color1,#222);
max-width:860px}
.bv h4{margin:.6em 0 .3em;font-size:13px;font-weight:600}
.bv table{border-collapse:collapse;width:100%}
.bv td{padding:6px 8px;text-align:left!important;vertical-align:middle;
border-top:1px solid var(--jp-border-color2,#ddd)}
.bv tr:hover{background:transparent!important}
.bv .n{width:1.6em;text-align:right!important;color:var(--jp-ui-font-color2,#666)}
.bv .t{font-weight:600}.bv .a,.bv .m{color:var(--jp-ui-font-color2,#666)}
.bv .bar{width:90px;height:6px;border-radius:3px;background:var(--jp-layout-color3,#ddd)}
.bv .bar i{display:block;height:6px;border-radius:3px;background:#3b7dd8}
.bv .r{display:inline-block;margin:2px 4px 2px 0;padding:1px 7px;border-radius:9px;font-size:12px;
border:1px solid var(--jp-border-color2,#ccc)}
.bv .r b{font-weight:600;color:var(--jp-ui-font-color2,#666)}
.bv .e{border-left:3px solid #c33;padding:4px 10px;margin:4px 0}
.bv pre{font-size:12px;overflow:auto;max-height:24em;color:inherit;background:transparent}
</style>"""

COLOURS = ("#6b4c9a", "#2f6f8f", "#8a3b3b", "#3f7d4e", "#a0662b", "#4a5a8c", "#7a4a6b", "#3c7a78")


def as_html(response: Mapping[str, Any]) -> str:
    """A response as HTML: lists of books as tables with drawn covers, everything else as JSON.

    Args:
        response: with `data`, `errors` or both.
    """
    parts = [_error(error) for error in response.get("errors") or ()]
    rest: dict[str, Any] = {}
    for name, value in (response.get("data") or {}).items():
        items = _items(value)
        if _is_books(items):
            parts.append(f"<h4>{escape(name)}</h4>{_table(items)}")
        else:
            rest[name] = value
    if rest:
        parts.append(f"<pre>{escape(orjson.dumps(rest, option=orjson.OPT_INDENT_2).decode())}</pre>")
    return f'<div class="bv">{STYLE}{"".join(parts)}</div>'


def _items(value: Any) -> Any:
    """The items of a connection, or what else it is."""
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("edges"), list):
        return [edge.get("node") for edge in value["edges"]]
    return value.get("nodes", value)


def _is_books(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and isinstance(item.get("book"), dict) for item in value)
    )


def _table(items: Sequence[Mapping[str, Any]]) -> str:
    best = max((float(item["score"]) for item in items if item.get("score") is not None), default=0.0)
    return f"<table>{''.join(_row(item, best) for item in items)}</table>"


def _row(item: Mapping[str, Any], best: float) -> str:
    book = item["book"]
    title = str(book.get("title") or book.get("bookId") or "?")
    authors = ", ".join(map(str, book.get("authors") or ()))
    year = f" · {book['year']}" if book.get("year") else ""
    said = f'<div class="t">{escape(title)}</div><div class="a">{escape(authors + year)}</div>'
    score = item.get("score")
    bar = ""
    if score is not None:
        share = 100 * max(0.0, float(score)) / best if best > 0 else 0
        bar = f'<div class="m">{float(score):.3f}</div><div class="bar"><i style="width:{share:.0f}%"></i></div>'
    place = "" if item.get("rank") is None else str(item["rank"])
    cells = [
        f'<td class="n">{escape(place)}</td>',
        f'<td style="width:40px">{_cover(title)}</td>',
        f"<td>{said}</td>",
        f'<td style="width:96px">{bar}<div class="m">{escape(str(item.get("servedFrom") or "").lower())}</div></td>',
        f"<td>{''.join(_reason(reason) for reason in item.get('reasons') or ())}</td>",
    ]
    return f"<tr>{''.join(cells)}</tr>"


def _reason(reason: Mapping[str, Any]) -> str:
    text = escape(str(reason.get("text") or reason.get("kind") or ""))
    amount = reason.get("amount")
    return f'<span class="r">{text}{"" if amount is None else f" <b>{float(amount):+.2f}</b>"}</span>'


def _cover(title: str) -> str:
    """A cover drawn for a title: always the same for the same title."""
    colour = COLOURS[hashlib.sha256(title.encode()).digest()[0] % len(COLOURS)]
    initials = "".join(word[0] for word in title.split()[:3] if word[0].isalnum()).upper()
    return (
        f'<svg width="36" height="52" viewBox="0 0 36 52" role="img" aria-label="{escape(title)}">'
        f'<rect width="36" height="52" rx="3" fill="{colour}"/><rect x="4" width="1" height="52" fill="#fff5"/>'
        f'<text x="20" y="30" text-anchor="middle" font-size="11" font-family="Georgia,serif" fill="#fff">'
        f"{escape(initials)}</text></svg>"
    )


def _error(error: Mapping[str, Any]) -> str:
    code = (error.get("extensions") or {}).get("code", "")
    return f'<div class="e"><b>{escape(str(code))}</b> {escape(str(error.get("message", "")))}</div>'
