// What labels have shown of one tenant's semantic hits, against the promised share of wrong ones.

import { NOTHING, dollars, number, percent } from "../shared/format.js";
import { byId, fact, fill, row } from "../shared/nodes.js";
import { value } from "../shared/place.js";
import { get } from "../shared/server.js";

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

function overall(found) {
  if (found === null || found.estimate === null) return NOTHING;
  const { estimate, interval, checks } = found;
  return `${percent(estimate)} wrong${range(interval)}, of ${number(checks)}`;
}

function served(serves, trusts) {
  if (trusts) return "on trust";
  return serves ? "yes" : "no";
}

function figures(found) {
  byId("learning").replaceChildren(
    fact("Promise", `${percent(found.promise)} wrong at most`),
    fact("Expected", percent(found.estimate) + range(found.interval)),
    fact("At most, at any time", percent(found.bound)),
    fact("Serves", served(found.serves, found.trusts)),
    fact("Serves from a chance of", found.least_chance === null ? NOTHING : percent(found.least_chance)),
    fact("Learned hits", number(found.hits)),
    fact("By a fixed threshold", number(found.fixed_hits)),
    fact("Hit rate gained", signed(found.hit_rate_gained)),
    fact("Labels", sources(found.labels)),
    fact("Checked", `${percent(found.check_rate)} of hits`),
    fact("Spent on checks", dollars(found.dollars_spent)),
    fact("Forgotten", `${number(found.changes)} times`),
    fact("Judge's false alarms", percent(found.judge.false_alarms)),
    fact("Checked hits of all tenants", overall(found.overall)),
  );
}

function group(found, { group: own }) {
  if (own !== null) return `group ${own}`;
  return found.parts.length > 1 ? "others" : "all";
}

function parts(found) {
  byId("parts-table").hidden = found.parts.length < 2;
  fill("parts", found.parts.map((part) => row(
    group(found, part), served(part.serves, part.trusts), percent(part.estimate) + range(part.interval),
    percent(part.bound), number(part.seen), number(part.labelled),
  )));
}

function turnedAway(found) {
  byId("turned-away-table").hidden = !found.turned_away.length;
  fill("turned-away", found.turned_away.map((kind) => row(
    kind.rule ?? "too few labels", number(kind.seen), number(kind.labelled),
    number(kind.differing), range(kind.wrong_interval).trim() || NOTHING,
  )));
}

function cells(found) {
  byId("cells-table").hidden = !found.cells.length;
  const seen = [...found.cells].sort((a, b) => b.seen - a.seen).slice(0, MOST_CELLS);
  fill("cells", seen.map((cell) => row(
    group(found, cell), cell.band, cell.rule ?? "accepted", served(cell.served, cell.trusted), number(cell.seen),
    number(cell.labelled), number(cell.differing),
  )));
}

export async function learning(learns, isCurrent) {
  byId("learning").hidden = !learns;
  for (const table of ["parts", "turned-away", "cells"]) byId(`${table}-table`).hidden = true;
  if (!learns) {
    byId("learning-note").textContent =
      "Nothing is learned: MAX_WRONG_SHARE sets the share of wrong hits that is promised.";
    return;
  }
  const found = await get("admin/learning", { tenant: value("tenant") });
  if (!isCurrent()) return;
  byId("learning-note").textContent = found.from_memory
    ? `The store does not answer: of tenant ${found.tenant}, as one process read it last.`
    : `Of tenant ${found.tenant}, from the labels of its own hits.`;
  figures(found);
  parts(found);
  turnedAway(found);
  cells(found);
}
