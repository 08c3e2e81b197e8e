// Small charts in SVG, drawn to the size of their place. Each is one picture with a label; the
// page has the same figures as a table.

import { moment, number, percent } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";
const LEFT = 44;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 22;
const LABEL_WIDTH = 60;

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// A round number not below `value`, for the top of an axis.
export function roundTop(value) {
  const size = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  const tops = [1, 2, 4, 6, 8, 10, 20].map((step) => step * size);
  return tops.find((top) => top >= Math.max(value, 4));
}

function picture(place, label) {
  let svg = place.querySelector("svg");
  if (!svg) {
    svg = shape("svg", { role: "img" });
    place.append(svg);
  }
  const width = Math.max(place.clientWidth, 160);
  const height = Math.max(place.clientHeight, 100);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("aria-label", label);
  return { svg, width, height, inner: width - LEFT - RIGHT, tall: height - TOP - BOTTOM };
}

function axes(drawn, series, range, top, written) {
  const parts = [];
  for (const share of [0, 0.5, 1]) {
    const y = TOP + drawn.tall * (1 - share);
    parts.push(shape("line", { class: "grid", x1: LEFT, x2: drawn.width - RIGHT, y1: y, y2: y }));
    parts.push(
      shape("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, written(top * share)),
    );
  }
  const wide = drawn.inner / series.length;
  series.forEach(({ start }, index) => {
    const x = LEFT + wide * (index + 0.5);
    if (!isMarked(start, series.length - 1 - index, range, LABEL_WIDTH / wide)) return;
    if (x < LEFT + 14 || x > drawn.width - 18) return;
    const at = { x, y: drawn.height - 6, "text-anchor": "middle" };
    parts.push(shape("text", at, moment(start, range)));
  });
  return parts;
}

// Whether a step bears a label: those at round times do, at least `apart` steps from each other.
function isMarked(start, fromEnd, range, apart) {
  const date = new Date(start * 1000);
  const place = { hour: date.getMinutes(), day: date.getHours(), month: fromEnd }[range];
  const rounds = { hour: [5, 10, 15, 30, 60], day: [2, 3, 6, 12], month: [2, 5, 7, 14] }[range];
  return place % (rounds.find((round) => round >= apart) ?? rounds[rounds.length - 1]) === 0;
}

// A transparent strip over each step, whose tooltip tells its figures.
function strips(drawn, series, told) {
  const wide = drawn.inner / series.length;
  return series.map((piece, index) => {
    const strip = shape("rect", {
      class: "catch", x: LEFT + wide * index, y: TOP, width: wide, height: drawn.tall,
    });
    strip.append(shape("title", {}, told(piece)));
    return strip;
  });
}

// Requests as columns, stacked in the order of `kinds` ([field, name, class]).
export function columns(place, series, range, kinds) {
  const totals = series.map((piece) => kinds.reduce((sum, [field]) => sum + piece[field], 0));
  const all = totals.reduce((sum, total) => sum + total, 0);
  const drawn = picture(place, `Requests by tier over time: ${number(all)} in all.`);
  const top = roundTop(Math.max(...totals));
  const wide = drawn.inner / series.length;
  const gap = wide > 6 ? 2 : 0.5;
  const parts = axes(drawn, series, range, top, number);
  series.forEach((piece, index) => {
    let y = TOP + drawn.tall;
    for (const [field, , kind] of kinds) {
      const height = (piece[field] / top) * drawn.tall;
      if (height <= 0) continue;
      y -= height;
      parts.push(
        shape("rect", {
          class: `column ${kind}`,
          x: LEFT + wide * index + gap / 2,
          y,
          width: wide - gap,
          height: Math.max(height - (height > 3 ? 1 : 0), 0.5),
        }),
      );
    }
  });
  const told = (piece) =>
    [moment(piece.start, range), ...kinds.map(([field, name]) => `${name}: ${piece[field]}`)]
      .join("\n");
  drawn.svg.replaceChildren(...parts, ...strips(drawn, series, told));
}

// The hit rate as a line from 0 to 100 %, broken where nothing was asked.
export function rateLine(place, series, range) {
  const known = series.filter((piece) => piece.hit_rate !== null);
  const last = known.length ? percent(known[known.length - 1].hit_rate) : "nothing was asked";
  const drawn = picture(place, `Hit rate over time; last: ${last}.`);
  const wide = drawn.inner / series.length;
  const floor = TOP + drawn.tall;
  const parts = axes(drawn, series, range, 1, (rate) => `${rate * 100} %`);
  for (const run of runs(series)) {
    const points = run.map((index) => [
      LEFT + wide * (index + 0.5),
      floor - series[index].hit_rate * drawn.tall,
    ]);
    if (points.length > 1) {
      const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
      const ends = `${points[points.length - 1][0]},${floor} ${points[0][0]},${floor}`;
      parts.push(shape("polygon", { class: "area", points: `${line} ${ends}` }));
      parts.push(shape("polyline", { class: "line", points: line }));
    }
    for (const [cx, cy] of series.length > 40 && points.length > 1 ? [] : points) {
      parts.push(shape("circle", { class: "dot", cx, cy, r: 2.5 }));
    }
  }
  const told = (piece) => `${moment(piece.start, range)}\nHit rate: ${percent(piece.hit_rate)}`;
  drawn.svg.replaceChildren(...parts, ...strips(drawn, series, told));
}

// Places of neighbouring steps that have a rate.
function runs(series) {
  const found = [];
  series.forEach((piece, index) => {
    if (piece.hit_rate === null) return;
    const current = found[found.length - 1];
    if (current && current[current.length - 1] === index - 1) current.push(index);
    else found.push([index]);
  });
  return found;
}

// From `low` to `high` milliseconds on a logarithmic scale from 1 ms to 30 s.
export function spread(low, high) {
  const place = (value) => 3 + (Math.log10(Math.max(value, 1)) / Math.log10(30_000)) * 94;
  const svg = shape("svg", {
    viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true",
  });
  svg.append(
    shape("line", { class: "track", x1: 3, x2: 97, y1: 7, y2: 7 }),
    shape("line", { class: "range", x1: place(low), x2: place(high) + 0.01, y1: 7, y2: 7 }),
  );
  return svg;
}
