// Similarities in bands of a hundredth, as stacked columns; the threshold stands between two bands.

import { number } from "../shared/format.js";
import { element, holding } from "../shared/nodes.js";

const KINDS = [["not_served", "misses"], ["vetoed", "failed"], ["served", "semantic"]];
const BAND = 0.01;
const MOST_BANDS = 40;
const LABELLED_EACH = 5;

const total = (band) => KINDS.reduce((sum, [field]) => sum + band[field], 0);

function column(band, most, label) {
  const stack = holding("span", "stack", ...KINDS.filter(([field]) => band[field]).map(
    ([field, kind]) => {
      const part = element("i", undefined, kind);
      part.style.setProperty("--share", band[field] / most);
      return part;
    },
  ));
  stack.title = `${band.low.toFixed(2)}: ${number(band.served)} served, `
    + `${number(band.vetoed)} vetoed, ${number(band.not_served)} not served`;
  return holding("span", "band", stack, element("span", label, "tick"));
}

// The first band may hold what is lower still.
function labelOf(band, place, first) {
  if (place === 0 && first < band.low) return `< ${(band.low + BAND).toFixed(2)}`;
  return Math.round(band.low / BAND) % LABELLED_EACH === 0 ? band.low.toFixed(2) : "";
}

// Every band from `lowest` on; what is lower still counts in the first.
function filled(bands, lowest) {
  const shown = [];
  for (let place = lowest; place < 1 / BAND; place += 1) {
    shown.push({ low: place * BAND, served: 0, vetoed: 0, not_served: 0 });
  }
  for (const band of bands) {
    const into = shown[Math.max(0, Math.round(band.low / BAND) - lowest)];
    for (const [field] of KINDS) into[field] += band[field];
  }
  return shown;
}

export function histogram(place, bands, threshold) {
  if (!bands.length) {
    place.replaceChildren(element("p", "Nothing was compared in this time.", "empty"));
    place.setAttribute("aria-label", "No similarities in this time.");
    return;
  }
  const first = Math.min(...bands.map((band) => band.low), threshold ?? 1);
  const lowest = Math.max(Math.floor(first / BAND) - 1, 1 / BAND - MOST_BANDS, 0);
  const shown = filled(bands, lowest);
  const most = Math.max(...shown.map(total));
  place.replaceChildren(
    ...shown.map((band, place) => column(band, most, labelOf(band, place, first))),
    element("span", number(most), "most"));
  if (threshold !== null) {
    const line = element("i", undefined, "threshold");
    line.style.setProperty("--at", (threshold / BAND - lowest) / shown.length);
    place.append(line);
  }
  const served = bands.reduce((sum, band) => sum + band.served, 0);
  const all = bands.reduce((sum, band) => sum + total(band), 0);
  place.setAttribute("aria-label",
    `Similarities of ${number(all)} requests; ${number(served)} of them were served.`);
}
