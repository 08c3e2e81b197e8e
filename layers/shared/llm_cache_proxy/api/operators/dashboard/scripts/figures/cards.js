// Figures in large print, each with a name and what it is compared with.

import { element, fact } from "../shared/nodes.js";

export function card(title, figure, beside, kind) {
  const made = fact(title, figure, kind);
  made.lastChild.className = "figure";
  made.append(element("dd", beside, "beside"));
  return made;
}
