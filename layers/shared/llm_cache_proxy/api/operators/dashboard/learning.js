// What labels have shown of one tenant's semantic hits, against the promised share of wrong ones.

import { NOTHING, number, percent } from "./format.js";
import { byId, fact, fill, row } from "./nodes.js";
import { value } from "./place.js";
import { get } from "./server.js";

const MOST_CELLS = 12;

function figures(found) {
  byId("learning").replaceChildren(
    fact("Promise", `${percent(found.promise)} wrong at most`),
    fact("Expected", percent(found.estimate)),
    fact("At most", percent(found.bound)),
    fact("Serves from", found.threshold === null ? NOTHING : found.threshold.toFixed(2)),
    fact("Hits gained", number(found.hits_gained)),
    fact("Labels", number(Object.values(found.labels).reduce((sum, count) => sum + count, 0))),
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
