// What became of a request, as a word and a colour: the same on every page.

import { element, holding } from "../shared/nodes.js";

const KNOWN = {
  "HIT-EXACT": ["Exact hit", "exact"],
  "HIT-SEMANTIC": ["Semantic hit", "semantic"],
  MISS: ["Miss", "misses"],
  BYPASS: ["Bypass", "others"],
  STALE: ["Stale", "others"],
  COALESCED: ["Coalesced", "others"],
  ERROR: ["Failed", "failed"],
  REFUSED: ["Refused", "failed"],
};

export const RESULTS = Object.keys(KNOWN);

export function resultName(result) {
  return (KNOWN[result] ?? [result])[0];
}

export function badge(result) {
  const [name, kind] = KNOWN[result] ?? [result, "others"];
  return holding("span", "badge", element("i", undefined, `swatch ${kind}`), name);
}
