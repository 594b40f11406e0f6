"""Colours of the console, once: from here come the style sheet's variables and the chart themes.

``python -m api.console.theme`` writes ``static/css/tokens.css`` and ``static/js/themes.json``; a
house test compares both with this file and checks every pair of text and ground for contrast.
"""

from __future__ import annotations

import json
from pathlib import Path

STATIC = Path(__file__).parent / "static"

# name: (light, dark)
TOKENS: dict[str, tuple[str, str]] = {
    "ground": ("#f2f5fa", "#0e141e"),
    "card": ("#ffffff", "#161e2b"),
    "subtle": ("#f5f7fb", "#1c2636"),
    "line": ("#dfe4ed", "#2b374a"),
    "line-strong": ("#bcc5d3", "#46546b"),
    "field-line": ("#7b879a", "#7f8da4"),
    "ink": ("#18202f", "#e7ebf3"),
    "muted": ("#566175", "#a3afc2"),
    "link": ("#0f4ea6", "#86b6ff"),
    "brand": ("#0f4ea6", "#2b69c8"),
    "brand-strong": ("#0b3f8a", "#1f57ad"),
    "brand-tint": ("#e6effb", "#1c3355"),
    "header-from": ("#0a3878", "#0b2347"),
    "header-to": ("#1150ab", "#12396f"),
    "on-brand": ("#ffffff", "#ffffff"),
    "track": ("#e2e7ef", "#2b374a"),
    # The five warning colours are the same by day and by night: they carry meaning.
    "red": ("#c9211e", "#c9211e"),
    "orange": ("#b04a04", "#b04a04"),
    "yellow": ("#f2c419", "#f2c419"),
    "blue": ("#2468c9", "#2468c9"),
    "green": ("#166b3f", "#166b3f"),
    "on-yellow": ("#2c2300", "#2c2300"),
    # Text and ground of quiet marks.
    "red-ink": ("#b31b18", "#ff9a92"),
    "red-tint": ("#fde9e8", "#43201f"),
    "orange-ink": ("#9c4203", "#ffb27d"),
    "orange-tint": ("#fdefe3", "#432a17"),
    "yellow-ink": ("#6f5500", "#f4d35e"),
    "yellow-tint": ("#fdf4d3", "#3d3413"),
    "blue-ink": ("#1c57ad", "#8fbcff"),
    "blue-tint": ("#e5effc", "#1b3252"),
    "green-ink": ("#135c36", "#86d3a6"),
    "green-tint": ("#e3f3e9", "#17382a"),
    "purple": ("#6637b3", "#b592f0"),
    "purple-tint": ("#ece6f7", "#2f2647"),
    "demo": ("#fff0c2", "#4a3d12"),
    "demo-ink": ("#5c4500", "#ffe49a"),
    # Seven steps of a heat table, low to high; each with the ink that reads on it.
    "heat-0": ("#eef2f8", "#1c2636"),
    "heat-1": ("#dbe6f6", "#22354f"),
    "heat-2": ("#fbe8cd", "#4a3820"),
    "heat-3": ("#f7cf98", "#6b4a1d"),
    "heat-4": ("#efa265", "#94571c"),
    "heat-5": ("#bc4a10", "#b04a04"),
    "heat-6": ("#b21f1b", "#c9211e"),
}

# Text on ground: at least 4.5 (WCAG 2.1 AA, 1.4.3).
TEXT_PAIRS: tuple[tuple[str, str], ...] = (
    ("ink", "ground"),
    ("ink", "card"),
    ("ink", "subtle"),
    ("ink", "brand-tint"),
    ("muted", "ground"),
    ("muted", "card"),
    ("muted", "subtle"),
    ("link", "ground"),
    ("link", "card"),
    ("link", "subtle"),
    ("link", "brand-tint"),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("on-brand", "header-from"),
    ("on-brand", "header-to"),
    ("on-brand", "red"),
    ("on-brand", "orange"),
    ("on-brand", "blue"),
    ("on-brand", "green"),
    ("on-yellow", "yellow"),
    ("red-ink", "red-tint"),
    ("red-ink", "card"),
    ("orange-ink", "orange-tint"),
    ("orange-ink", "card"),
    ("yellow-ink", "yellow-tint"),
    ("blue-ink", "blue-tint"),
    ("blue-ink", "card"),
    ("green-ink", "green-tint"),
    ("green-ink", "card"),
    ("purple", "card"),
    ("purple", "purple-tint"),
    ("demo-ink", "demo"),
    ("ink", "heat-0"),
    ("ink", "heat-1"),
    ("ink", "heat-2"),
    ("ink", "heat-3"),
    ("on-brand", "heat-5"),
    ("on-brand", "heat-6"),
)

# Edges that a person must see to use a control: at least 3 (1.4.11).
EDGE_PAIRS: tuple[tuple[str, str], ...] = (("field-line", "card"), ("link", "card"))


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.1)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.1)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def style_sheet() -> str:
    """The variables: light, dark by choice, dark by the system's setting where none was made."""

    def block(column: int, indent: str) -> str:
        return "".join(f"{indent}--{name}: {pair[column]};\n" for name, pair in TOKENS.items())

    return (
        "/* Written by api.console.theme; change the colours there. */\n"
        f":root {{\n  color-scheme: light;\n{block(0, '  ')}}}\n"
        f':root[data-theme="dark"] {{\n  color-scheme: dark;\n{block(1, "  ")}}}\n'
        "@media (prefers-color-scheme: dark) {\n"
        f'  :root:not([data-theme="light"]) {{\n    color-scheme: dark;\n{block(1, "    ")}  }}\n'
        "}\n"
    )


def chart_theme(column: int) -> dict[str, object]:
    """What ECharts needs to look like the page around it; column 0 is light, 1 dark."""
    colour = {name: pair[column] for name, pair in TOKENS.items()}
    axis = {
        "axisLine": {"lineStyle": {"color": colour["line-strong"]}},
        "axisTick": {"show": False},
        "axisLabel": {"color": colour["muted"], "fontSize": 12},
        "nameTextStyle": {"color": colour["muted"], "fontSize": 12},
        "splitLine": {"lineStyle": {"color": [colour["line"]]}},
        "splitArea": {"show": False},
    }
    return {
        "color": [colour[name] for name in ("blue-ink", "orange-ink", "green-ink", "purple")],
        "backgroundColor": "transparent",
        "textStyle": {
            "color": colour["ink"],
            "fontFamily": "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', "
            "'WenQuanYi Micro Hei', sans-serif",
        },
        "title": {"textStyle": {"color": colour["ink"]}},
        "legend": {
            "textStyle": {"color": colour["muted"]},
            "inactiveColor": colour["line-strong"],
        },
        "tooltip": {
            "backgroundColor": colour["card"],
            "borderColor": colour["line-strong"],
            "textStyle": {"color": colour["ink"]},
            "axisPointer": {
                "lineStyle": {"color": colour["muted"]},
                "crossStyle": {"color": colour["muted"]},
            },
        },
        "categoryAxis": {**axis, "splitLine": {"show": False}},
        "valueAxis": axis,
        "timeAxis": axis,
        "line": {"symbol": "circle", "symbolSize": 5, "smooth": False},
        "markPoint": {"label": {"color": colour["on-brand"]}},
    }


def written_files() -> dict[Path, str]:
    """What ``main`` writes, by path."""
    themes = {"light": chart_theme(0), "dark": chart_theme(1)}
    return {
        STATIC / "css" / "tokens.css": style_sheet(),
        STATIC / "js" / "themes.json": json.dumps(themes, ensure_ascii=False, indent=1) + "\n",
    }


def main() -> None:
    """Write the files."""
    for path, text in written_files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
