// What labels have shown of one tenant's semantic hits, against the promised share of wrong ones.

import { NOTHING, dollars, number, percent } from "./format.js";
import { byId, fact, fill, row } from "./nodes.js";
import { value } from "./place.js";
import { get } from "./server.js";

const MOST_CELLS = 12;

function range(interval) {
  return interval === null ? "" : ` (95 %: ${percent(interval[0])} to ${percent(interval[1])})`;
}

function signed(rate) {
  return rate === null ? NOTHING : `${rate > 0 ? "+" : ""}${(rate * 100).toFixed(1)} %`;
}

function sources(labels) {
  const parts = Object.entries(labels).map(([source, count]) => `${number(count)} ${source}`);
  return parts.join(", ") || NOTHING;
}

function figures(found) {
  byId("learning").replaceChildren(
    fact("Promise", `${percent(found.promise)} wrong at most`),
    fact("Expected", percent(found.estimate) + range(found.interval)),
    fact("At most, at any time", percent(found.bound)),
    fact("Serves from a chance of", found.least_chance === null ? NOTHING : percent(found.least_chance)),
    fact("Learned hits", number(found.hits)),
    fact("By a fixed threshold", number(found.fixed_hits)),
    fact("Hit rate gained", signed(found.hit_rate_gained)),
    fact("Labels", sources(found.labels)),
    fact("Checked", `${percent(found.check_rate)} of hits`),
    fact("Spent on checks", dollars(found.dollars_spent)),
    fact("Forgotten", `${number(found.changes)} times`),
    fact("Judge's false alarms", percent(found.judge.false_alarms)),
  );
}

function cells(found) {
  byId("cells-table").hidden = !found.cells.length;
  const seen = [...found.cells].sort((a, b) => b.seen - a.seen).slice(0, MOST_CELLS);
  fill("cells", seen.map((cell) => row(
    cell.band, cell.rule ?? "accepted", cell.served ? "yes" : "no", number(cell.seen),
    number(cell.labelled), number(cell.differing),
  )));
}

export async function learning(learns, isCurrent) {
  byId("learning").hidden = byId("cells-table").hidden = !learns;
  if (!learns) {
    byId("learning-note").textContent =
      "Nothing is learned: MAX_WRONG_SHARE sets the share of wrong hits that is promised.";
    return;
  }
  const found = await get("admin/learning", { tenant: value("tenant") });
  if (!isCurrent()) return;
  byId("learning-note").textContent = `Of tenant ${found.tenant}, from the labels of its own hits.`;
  figures(found);
  cells(found);
}
