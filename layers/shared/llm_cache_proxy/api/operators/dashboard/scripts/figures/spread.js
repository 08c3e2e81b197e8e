// A row's latencies on one scale, as a bar from p50 to p99.

const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
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
