// The first page: what the cache did in the time shown. Its figures go into the nodes that are
// there: what has the focus keeps it, and what is open stays open.

import { card } from "../figures/cards.js";
import { columns, rateLine } from "../figures/charts.js";
import { bar, counts } from "../figures/counts.js";
import { dollars, duration, moment, number, percent } from "../shared/format.js";
import { lineCells, opening, requestAddress } from "../requests/line.js";
import { byId, element, fill, holding, row } from "../shared/nodes.js";
import { parts } from "./parts.js";
import { pageAddress } from "../shared/place.js";
import { spread } from "../figures/spread.js";

const KINDS = [
  ["exact_hits", "Exact hits", "exact"],
  ["semantic_hits", "Semantic hits", "semantic"],
  ["misses", "Misses", "misses"],
  ["failed", "Failed or refused", "failed"],
  ["others", "Others", "others"],
];
const RESULTS = [
  ["exact_hits", "Exact hits", "exact"],
  ["semantic_hits", "Semantic hits", "semantic"],
  ["misses", "Misses", "misses"],
  ["bypasses", "Bypasses", "others"],
  ["stale", "Stale answers", "others"],
  ["coalesced", "Shared with another request", "others"],
  ["error", "Failed", "failed"],
  ["refused", "Refused", "failed"],
];
const TIERS = {
  hit_exact: "Exact hit", hit_semantic: "Semantic hit", miss: "Miss", bypass: "Bypass",
  stale: "Stale", coalesced: "Coalesced", error: "Failed",
};
const MOST_ROWS = 10;
const MOST_REQUESTS = 8;

function couldHaveHit(seen) {
  return seen.exact_hits + seen.semantic_hits + seen.misses - seen.not_read;
}

function cards(data) {
  const { cache_performance: seen, token_usage: tokens, cost_analysis: cost } = data.window;
  const ever = data.total.cache_performance, some = data.kept !== null;
  const rate = (found) => percent(couldHaveHit(found) > 0 ? found.hit_rate : null);
  byId("cards").replaceChildren(
    card("Hit rate", rate(seen),
      some ? `of ${number(couldHaveHit(seen))} that could hit` : `all time ${rate(ever)}`),
    card("Requests", number(seen.total_requests),
      some ? `of ${number(data.kept)} kept` : `all time ${number(ever.total_requests)}`),
    card("Dollars saved", dollars(cost.dollars_saved), `spent ${dollars(cost.dollars_spent)}`),
    card("Tokens saved", number(tokens.total_tokens_saved),
      `used ${number(tokens.total_tokens_used)}`),
    card("Entries", number(data.entries.exact),
      some ? "of every model and key" : `semantic ${number(data.entries.semantic)}`),
  );
}

function tiers(seen) {
  const total = Math.max(seen.total_requests, 1);
  const shown = RESULTS.filter(([field], index) => index < 3 || seen[field]);
  byId("shares").replaceChildren(
    ...shown.filter(([field]) => seen[field]).map(([field, , kind]) => bar(seen[field], kind)),
  );
  fill("tiers", shown.map(([field, name, kind]) => row(
    holding("span", undefined, element("i", undefined, `swatch ${kind}`), name),
    number(seen[field]), percent(seen[field] / total),
  )));
}

function latency(found) {
  const rows = Object.entries(TIERS).filter(([tier]) => found[tier]?.count);
  fill("latency", rows.map(([tier, name]) => {
    const { p50_ms: middle, p90_ms: most, p99_ms: slow } = found[tier];
    const made = row(
      name, duration(middle), duration(most), duration(slow), spread(middle, slow),
    );
    made.lastChild.className = "spread";
    return made;
  }), "Nothing was measured in this time.");
}

function models(cost) {
  const used = Object.entries(cost.by_model).sort(
    ([, a], [, b]) => b.hits + b.upstream_answers - a.hits - a.upstream_answers,
  );
  fill("models", used.slice(0, MOST_ROWS).map(([name, model]) => row(
    name, number(model.hits), number(model.upstream_answers),
    number(model.prompt_tokens_saved + model.completion_tokens_saved),
    number(model.prompt_tokens_used + model.completion_tokens_used),
    dollars(model.dollars_saved), dollars(model.dollars_spent),
  )), "No model was called in this time.");
  const unpriced = cost.unpriced_models.join(", ");
  byId("unpriced").textContent = unpriced && `Not in the dollars, for want of a price: ${unpriced}.`;
}

function newest(lines) {
  byId("all-requests").setAttribute("href", pageAddress("requests"));
  fill("recent", lines.slice(0, MOST_REQUESTS).map(
    (line) => row(opening(line, requestAddress(line)), ...lineCells(line)),
  ), "No request has been answered yet.");
}

function series(data) {
  fill("series", [...data.series].reverse().map((piece) => row(
    moment(piece.start, data.step_seconds), ...KINDS.map(([field]) => number(piece[field])),
    percent(piece.hit_rate),
  )));
}

export function show(data) {
  const { cache_performance: seen } = data.window;
  cards(data);
  rateLine(byId("rate"), data);
  columns(byId("requests"), data, KINDS);
  series(data);
  tiers(seen);
  latency(data.window.latency);
  models(data.window.cost_analysis);
  newest(data.recent);
  counts("refusals", seen.refusals, "No refusal in this time.");
  counts("errors", seen.errors, "No failure in this time.");
  parts(data.health.parts, data.breakers);
}
