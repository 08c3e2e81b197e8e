// A similarity on a scale, beside the threshold that a semantic hit has to reach.

import { element, holding } from "../shared/nodes.js";

const LOWEST = 0.7;

const place = (similarity) => Math.min(1, Math.max(0, (similarity - LOWEST) / (1 - LOWEST)));

export function scale(similarity, threshold) {
  const dot = element("i", undefined, "dot");
  dot.style.setProperty("--at", place(similarity));
  const track = holding("div", "track", dot);
  track.setAttribute("aria-hidden", "true");
  let said = `Cosine similarity ${similarity.toFixed(4)}`;
  if (threshold !== null) {
    const least = element("i", undefined, "least");
    least.style.setProperty("--at", place(threshold));
    track.append(least);
    const sign = similarity >= threshold ? "≥" : "<";
    said += ` ${sign} threshold ${threshold.toFixed(2)}`;
  }
  return holding("div", "scale", element("p", said), track);
}
