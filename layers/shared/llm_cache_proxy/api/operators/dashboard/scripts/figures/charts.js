// The two charts over time, drawn by uPlot. Each is one picture with a label; the page has the same
// figures as a table. A chart is made once and given new data, so that nothing flickers.

import { moment, number, percent } from "../shared/format.js";

const HEIGHT = 152;
const drawn = new Map();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function faint(name) {
  return `color-mix(in srgb, ${colour(name)} 16%, transparent)`;
}

function axes(state, written, top) {
  const plain = {
    stroke: () => colour("--quiet"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  return [
    {
      ...plain,
      grid: { show: false },
      size: 26,
      space: 60,
      values: (_, times) => times.map((time) => moment(time, state.step)),
    },
    { ...plain, size: 48, space: 36, ...top, values: (_, values) => values.map(written) },
  ];
}

// The chart in `place`, made on first use; `state` is what its callbacks read.
function chart(place, options) {
  const known = drawn.get(place);
  if (known) return known;
  const state = { step: 300, series: [], caption: place.nextElementSibling };
  const made = new uPlot(
    {
      width: Math.max(place.clientWidth, 160),
      height: HEIGHT,
      legend: { show: false },
      padding: [8, 20, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: () => ends(state) },
        y: options.scale,
      },
      hooks: { setCursor: [(plot) => showCaption(plot, state, options.caption)] },
      axes: axes(state, options.written, options.top),
      series: [{}, ...options.series],
    },
    [[], ...options.series.map(() => [])],
    place,
  );
  drawn.set(place, { made, state });
  return drawn.get(place);
}

function ends({ series, step }) {
  if (!series.length) return [0, 1];
  return [series[0].start, series[series.length - 1].start + step];
}

// What lies under the pointer, in words below the chart.
function showCaption(plot, state, caption) {
  const piece = state.series[plot.cursor.idx];
  const text = plot.cursor.left >= 0 && piece
    ? `${moment(piece.start, state.step)}: ${caption(piece)}`
    : "";
  if (state.caption.textContent !== text) state.caption.textContent = text;
}

function draw({ made, state }, data, columns, place, label) {
  state.step = data.step_seconds;
  state.series = data.series;
  place.setAttribute("aria-label", label);
  made.setData([data.series.map(({ start }) => start + state.step / 2), ...columns]);
}

// The hit rate as a line from 0 to 100 %, broken where there were no requests.
export function rateLine(place, data) {
  const known = data.series.filter((piece) => piece.hit_rate !== null);
  const last = known.length ? percent(known[known.length - 1].hit_rate) : "no requests";
  const plotted = chart(place, {
    scale: { range: [0, 1] },
    top: { splits: () => [0, 0.5, 1] },
    written: (rate) => `${rate * 100} %`,
    caption: (piece) => `hit rate ${percent(piece.hit_rate)}`,
    series: [
      {
        stroke: () => colour("--exact"),
        fill: () => faint("--exact"),
        width: 2,
        points: { show: true, size: 6, fill: () => colour("--exact") },
      },
    ],
  });
  const rates = data.series.map((piece) => piece.hit_rate);
  draw(plotted, data, [rates], place, `Hit rate over time; last: ${last}.`);
}

// Requests as columns, stacked in the order of `kinds` ([field, name, class]).
export function columns(place, data, kinds) {
  const bars = uPlot.paths.bars({ size: [0.86, 60], gap: 1 });
  const plotted = chart(place, {
    scale: { range: (_, __, most) => [0, Math.max(most ?? 0, 4) * 1.05] },
    top: { incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] },
    written: number,
    caption: (piece) =>
      kinds.map(([field, name]) => `${name.toLowerCase()} ${number(piece[field])}`).join(", "),
    // The tallest first: each kind is drawn over the sum of itself and all below it.
    series: [...kinds].reverse().map(([, , kind]) => ({
      stroke: () => colour(`--${kind}`),
      fill: () => colour(`--${kind}`),
      width: 0,
      paths: bars,
      points: { show: false },
    })),
  });
  const sums = kinds.map((_, last) =>
    data.series.map((piece) =>
      kinds.slice(0, last + 1).reduce((sum, [field]) => sum + piece[field], 0)),
  );
  const all = sums[sums.length - 1].reduce((sum, total) => sum + total, 0);
  const label = `Requests by tier over time: ${number(all)} in all.`;
  draw(plotted, data, sums.reverse(), place, label);
}

// Fit every chart to its place, and to the colours that the reader prefers now.
export function refit() {
  for (const [place, { made }] of drawn) {
    if (!place.isConnected) {
      made.destroy();
      drawn.delete(place);
      continue;
    }
    const width = Math.max(place.clientWidth, 160);
    if (width !== made.width) made.setSize({ width, height: HEIGHT });
  }
}

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { made } of drawn.values()) made.redraw(false);
});
