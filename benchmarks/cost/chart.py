"""A line chart as SVG, in ink that suits a light page and a dark one."""

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 60, 190, 20, 50
COLOURS = ("#d97706", "#2563eb", "#059669", "#9333ea")
INK = "#7a7a7a"
HIGHEST = 2.0  # times the bill without the proxy; what is above is cut off
TITLE = "Cost of a million requests against the bill without the proxy, by hit rate"


def chart(rates: Sequence[float], lines: Mapping[str, Sequence[float]]) -> str:
    """Lines over hit rates from 0 to 0.9; their values are shares of the bill without the proxy."""
    attributes = 'font-family="system-ui, sans-serif" font-size="12"'
    plot = f'x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}"'
    coloured = list(zip(lines.items(), COLOURS, strict=True))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {attributes}>',
            f"<title>{TITLE}</title>",
            f'<clipPath id="plot"><rect {plot}/></clipPath>',
            *(_rule(share) for share in (0.0, 0.5, 1.0, 1.5, 2.0)),
            *(_text(f"{rate:.0%}", _x(rate), HEIGHT - BOTTOM + 18) for rate in rates),
            _text("hit rate", (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10),
            *(_curve(rates, values, colour) for (_, values), colour in coloured),
            *(
                _text(name, WIDTH - RIGHT + 14, TOP + 16 + 20 * place, "start", colour)
                for place, ((name, _), colour) in enumerate(coloured)
            ),
            "</svg>\n",
        ]
    )


def _rule(share: float) -> str:
    dash = "" if share == 1.0 else ' stroke-dasharray="2 4"'
    y = f"{_y(share):.1f}"
    line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" stroke="{INK}"{dash}/>'
    return line + _text(f"{share:.0%}", LEFT - 8, _y(share) + 4, "end")


def _curve(rates: Sequence[float], values: Sequence[float], colour: str) -> str:
    points = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in zip(rates, values, strict=True))
    stroke = f'fill="none" stroke="{colour}" stroke-width="2"'
    return f'<polyline points="{points}" {stroke} clip-path="url(#plot)"/>'


def _text(said: str, x: float, y: float, anchor: str = "middle", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}">{said}</text>'


def _x(rate: float) -> float:
    return LEFT + rate / 0.9 * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share / HIGHEST * (HEIGHT - TOP - BOTTOM)
