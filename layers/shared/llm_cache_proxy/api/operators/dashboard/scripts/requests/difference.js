// Two texts side by side, with the words marked that the other one does not have in that place.

import { element } from "../shared/nodes.js";

const MOST_WORDS = 400;

const words = (text) => text.split(/(\s+)/).filter((word) => word !== "");

// Lengths of the longest common subsequences of the ends of both lists.
function lengths(a, b) {
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i][j] = a[i] === b[j] ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1]);
    }
  }
  return table;
}

// Pieces of both texts for their panes: texts, and marks around what differs.
export function marked(one, other) {
  const a = words(one), b = words(other);
  if (a.length > MOST_WORDS || b.length > MOST_WORDS) return [[one], [other]];
  const table = lengths(a, b);
  const left = [], right = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      left.push(a[i]);
      right.push(b[j]);
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) {
      left.push(a[i].trim() ? element("mark", a[i]) : a[i]);
      i += 1;
    } else {
      right.push(b[j].trim() ? element("mark", b[j]) : b[j]);
      j += 1;
    }
  }
  return [left, right];
}
