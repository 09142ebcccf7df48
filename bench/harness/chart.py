"""results.svg: each bar of the table as a horizontal one, ours relative to what it is compared with, and a tick where the bar lies.

By hand, so that it needs nothing; readable on a light and on a dark page.
"""

from statistics import median
from xml.sax.saxutils import escape

from .rows import Bar, Result

WIDTH, LEFT, RIGHT, LINE, TOP = 890, 330, 140, 26, 74
STYLE = """
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .even { stroke: #818b98; stroke-width: 1; }
  .met { fill: #1a7f64; } .missed { fill: #c4432b; } .verdict { font-weight: 600; }
  .spread { stroke: #1f2328; stroke-width: 1.5; }
  .tick { stroke: #1f2328; stroke-width: 2.5; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } .quiet { fill: #9198a1; } .grid { stroke: #30363d; } .even { stroke: #6e7681; }
    .met { fill: #3fb58f; } .missed { fill: #f0745c; } .spread, .tick { stroke: #e6edf3; }
  }
"""


def scale(result: Result, bar: Bar) -> tuple[list[float], float]:
    """The values and the limit as parts of one: of the other server's value, or of the figure that is the bar."""
    values = result.ratios(bar)
    return (values, bar.limit) if bar.against else ([value / bar.limit for value in values], 1.0)


def draw(results: list[Result]) -> str:
    shown = [(result, bar) for result in results if not result.missing for bar in result.row.bars]
    room = WIDTH - LEFT - RIGHT
    most = max([1.25] + [min(3.0, max(median(scale(*one)[0]), scale(*one)[1])) for one in shown]) * 1.05
    height = TOP + LINE * len(shown) + 40

    def x(value: float) -> float:
        return LEFT + room * min(value, most) / most

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        "<title>Parley relative to nginx, h2o and the floor</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="16" y="26">Parley relative to the others</text>',
        '<text class="quiet" x="16" y="46">Coloured: the median, with the rounds\' spread. Thick tick: the bar to meet. '
        "For bytes a CPU second more is better, else less.</text>",
    ]
    step = 0.25 if most <= 2 else 0.5
    mark = 0.0
    while mark <= most:
        kind = "even" if mark == 1.0 else "grid"
        out.append(f'<line class="{kind}" x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{TOP - 8}" y2="{height - 32}"/>')
        out.append(f'<text class="quiet" x="{x(mark):.1f}" y="{height - 14}" text-anchor="middle">{mark:g}</text>')
        mark += step
    for i, (result, bar) in enumerate(shown):
        values, limit = scale(result, bar)
        middle, y = median(values), TOP + LINE * i
        verdict = "met" if bar.holds(median(result.ratios(bar))) else "missed"
        if i == 0 or shown[i - 1][0] is not result:
            out.append(f'<text x="16" y="{y + 13}">{escape(result.row.title)}</text>')
        label = f"{middle:.2f} × {bar.against}" if bar.against else f"{median(result.ratios(bar)):.2f} of {bar.limit:g}"
        out.append(f'<rect class="{verdict}" x="{LEFT}" y="{y + 2}" width="{x(middle) - LEFT:.1f}" height="15" rx="2" opacity="0.85"/>')
        if len(values) > 1:
            out.append(f'<line class="spread" x1="{x(min(values)):.1f}" x2="{x(max(values)):.1f}" y1="{y + 9.5}" y2="{y + 9.5}"/>')
        out.append(f'<line class="tick" x1="{x(limit):.1f}" x2="{x(limit):.1f}" y1="{y - 1}" y2="{y + 20}"/>')
        out.append(f'<text class="{verdict} verdict" x="{WIDTH - RIGHT + 8}" y="{y + 14}">{label}</text>')
    out.append("</svg>\n")
    return "\n".join(out)
