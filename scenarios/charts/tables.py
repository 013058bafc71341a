"""HTML tables with one style, for the report and the app."""

from __future__ import annotations

from collections.abc import Sequence

#: Style of every table. Borders and marks carry the meaning, so it prints in black and white.
STYLE = """
.cc-table{border-collapse:collapse;width:100%;font-size:.93em;line-height:1.35;
  font-variant-numeric:tabular-nums}
.cc-table th,.cc-table td{padding:.28em .55em;text-align:left;vertical-align:top;
  border-bottom:1px solid rgba(120,135,150,.35)}
.cc-table thead th{border-bottom:1.5px solid currentColor;font-weight:600;vertical-align:bottom}
.cc-table .cc-num{text-align:right;white-space:nowrap}
.cc-table thead .cc-num{white-space:normal}
.cc-table .cc-group{text-align:center;border-bottom:1px solid rgba(120,135,150,.6);
  border-left:1px solid rgba(120,135,150,.35)}
.cc-table .cc-first{border-left:1px solid rgba(120,135,150,.35)}
.cc-table td.cc-wide{text-align:center}
.cc-long{table-layout:fixed;font-size:.82em;line-height:1.25}
.cc-long th,.cc-long td{padding:.16em .5em}
.cc-long td{overflow-wrap:anywhere}
.cc-headline{border-left:5px solid currentColor;padding:.05em 0 .05em .8em;margin:.4em 0 .7em;
  font-size:1.12em}
.cc-headline p{margin:.2em 0;font-weight:600}
.cc-headline p:last-child:not(:first-child){font-weight:400}
.cc-sub{color:#5B6B79;font-size:.88em;margin-left:.25em}
.cc-run{display:inline-block;min-width:1.35em;padding:0 .25em;border-radius:.3em;color:#fff;
  font-weight:700;text-align:center}
.cc-mark{display:inline-block;width:1.1em;text-align:center;font-weight:700}
.cc-mark.cc-ok{color:#00724F}.cc-mark.cc-over_limit{color:#B54800}
.cc-mark.cc-not_drained{color:#5C0F33}.cc-mark.cc-dry,.cc-mark.cc-raining,.cc-mark.cc-none{color:#5B6B79}
td.cc-over_limit,td.cc-not_drained{font-weight:600}
.cc-legend{margin:.35em 0 0;font-size:.86em;color:#5B6B79}
.cc-key{margin-right:1.3em;white-space:nowrap}
.cc-empty{color:#5B6B79;font-style:italic}
.cc-tag{display:inline-block;padding:0 .5em;font-size:.86em;font-weight:600;white-space:nowrap;
  border:1.5px solid currentColor}
.cc-tag-published{color:#fff;background:#005C92;border-color:#005C92;border-radius:0}
.cc-tag-sourced,.cc-tag-measured{color:#00614A;background:#fff;border-radius:1em}
.cc-tag-assumed{color:#8A3A00;background:#fff;border-style:dashed;border-radius:.25em}
.cc-tag-common{color:#5B6B79;background:#fff;border-style:dotted;border-radius:.25em}
"""


def simple_table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[bool] = (),
    css: str = "",
    widths: Sequence[int] = (),
) -> str:
    """A table from heads and cells that are already HTML.

    Parameters
    ----------
    numbers
        Which columns align right.
    css
        A class more; ``cc-long`` is for tables of many rows.
    widths
        Widths of the columns in percent; as the content asks if empty.
    """
    cols = "".join(f'<col style="width:{percent}%">' for percent in widths)
    group = f"<colgroup>{cols}</colgroup>" if cols else ""
    classes = [' class="cc-num"' if flag else "" for flag in numbers] or [""] * len(head)
    top = "".join(f"<th{css}>{cell}</th>" for cell, css in zip(head, classes, strict=True))
    body = "".join(
        "<tr>"
        + "".join(f"<td{css}>{cell}</td>" for cell, css in zip(row, classes, strict=True))
        + "</tr>"
        for row in rows
    )
    name = f"cc-table {css}".strip()
    return (
        f'<table class="{name}">{group}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    )
