// Counts by name as a table of bars, the largest first.

import { number } from "../shared/format.js";
import { element, fill, row } from "../shared/nodes.js";

const MOST_ROWS = 10;

export function bar(share, kind) {
  const made = element("i", undefined, kind);
  made.style.setProperty("--share", share);
  return made;
}

export function counts(id, found, nothing) {
  const most = Math.max(1, ...Object.values(found));
  const sorted = Object.entries(found).filter(([, count]) => count).sort(([, a], [, b]) => b - a);
  fill(id, sorted.slice(0, MOST_ROWS).map(([name, count]) => {
    const made = row(name, bar(count / most), number(count));
    made.children[1].className = "bar";
    made.children[1].setAttribute("aria-hidden", "true");
    return made;
  }), nothing);
}
