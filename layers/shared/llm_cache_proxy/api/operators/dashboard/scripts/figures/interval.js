// A share with its interval at 95 %, as a bar from 0 to the interval's end or more.

import { percent } from "../shared/format.js";
import { element, holding } from "../shared/nodes.js";

const LEAST_WIDE = 0.1;

export function interval(place, { samples, wrong_share: share, wrong_share_ci: ends }) {
  place.hidden = !samples;
  if (!samples) return;
  const widest = Math.max(ends[1] * 1.15, LEAST_WIDE);
  const range = element("i", undefined, "range"), dot = element("i", undefined, "dot");
  range.style.setProperty("--from", ends[0] / widest);
  range.style.setProperty("--to", ends[1] / widest);
  dot.style.setProperty("--at", share / widest);
  place.replaceChildren(holding("div", "track", range, dot),
    holding("p", "ends", element("span", "0 %"), element("span", percent(widest))));
}
