// Use against a limit: the figures, and a bar that turns red near the end.

import { element, holding } from "../shared/nodes.js";

const NEARLY = 0.9;

export function meter(used, limit, written) {
  if (limit === null) return holding("span", "meter", `${written(used)}, no limit`);
  const share = Math.min(1, used / limit);
  const bar = element("i", undefined, share >= NEARLY ? "nearly" : undefined);
  bar.style.setProperty("--share", share);
  const track = holding("span", "track", bar);
  track.setAttribute("aria-hidden", "true");
  return holding("span", "meter", `${written(used)} of ${written(limit)}`, track);
}
