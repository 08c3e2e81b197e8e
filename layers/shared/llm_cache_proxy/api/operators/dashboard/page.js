// Puts the figures into the page, into the nodes that are there: what has the focus keeps it, and
// what is open stays open.

import { columns, rateLine } from "./charts.js";
import { dollars, duration, moment, NOTHING, number, percent } from "./format.js";
import { byId, element, fill, row } from "./nodes.js";
import { recent } from "./recent.js";
import { spread } from "./spread.js";

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
const PARTS = {
  exact: "Exact tier", semantic: "Semantic tier", embed: "Embedder", search: "Semantic tier",
  verifier: "Verifier", embedder: "Embedder", upstream: "Upstream",
};
// The breaker that stands before a part, and what else has a breaker.
const BREAKERS = { exact: "exact", semantic: "search", embedder: "embed" };
const MOST_ROWS = 10;

function bar(share, kind) {
  const made = element("i", undefined, kind);
  made.style.setProperty("--share", share);
  return made;
}

function cards(data) {
  const { cache_performance: seen, token_usage: tokens, cost_analysis: cost } = data.window;
  const ever = data.total;
  const card = (title, figure, beside) => {
    const made = element("div");
    made.append(
      element("dt", title), element("dd", figure, "figure"), element("dd", beside, "beside"),
    );
    return made;
  };
  const tried = seen.exact_hits + seen.semantic_hits + seen.misses;
  byId("cards").replaceChildren(
    card("Hit rate", percent(tried ? seen.hit_rate : null),
      `all time ${percent(ever.cache_performance.hit_rate)}`),
    card("Requests", number(seen.total_requests),
      `all time ${number(ever.cache_performance.total_requests)}`),
    card("Dollars saved", dollars(cost.dollars_saved), `spent ${dollars(cost.dollars_spent)}`),
    card("Tokens saved", number(tokens.total_tokens_saved),
      `used ${number(tokens.total_tokens_used)}`),
    card("Entries", number(data.entries.exact), `semantic ${number(data.entries.semantic)}`),
  );
}

function health(parts) {
  byId("health").replaceChildren(
    ...Object.entries(parts).map(([name, part]) => {
      const fine = part.status === "ok";
      const how = fine ? duration(part.milliseconds) : `${part.status.replace("_", " ")}: ${part.message}`;
      return element("span", `${PARTS[name] ?? name} ${how}`, part.status);
    }),
  );
}

function parts(found, breakers) {
  const stores = Object.entries(found).map(([name, part]) => {
    const breaker = breakers[BREAKERS[name]];
    const took = part.status === "ok" ? duration(part.milliseconds) : NOTHING;
    return [PARTS[name] ?? name, part.status, took, breaker];
  });
  const guarded = Object.keys(found).map((name) => BREAKERS[name]);
  const others = Object.entries(breakers).filter(([name]) => !guarded.includes(name)).map(
    ([name, breaker]) => [PARTS[name] ?? name, NOTHING, NOTHING, breaker],
  );
  fill("parts", [...stores, ...others].map(([name, status, took, breaker]) => {
    const state = element("span", status, status === NOTHING ? undefined : status);
    return row(
      name, state, took, breaker?.state ?? NOTHING, breaker ? number(breaker.trips) : NOTHING,
    );
  }));
}

function tiers(seen) {
  const total = Math.max(seen.total_requests, 1);
  const shown = RESULTS.filter(([field], index) => index < 3 || seen[field]);
  byId("shares").replaceChildren(
    ...shown.filter(([field]) => seen[field]).map(([field, , kind]) => bar(seen[field], kind)),
  );
  fill("tiers", shown.map(([field, name, kind]) => {
    const named = element("span");
    named.append(element("span", undefined, `swatch ${kind}`), name);
    return row(named, number(seen[field]), percent(seen[field] / total));
  }));
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

function counts(id, found, nothing) {
  const most = Math.max(1, ...Object.values(found));
  const sorted = Object.entries(found).filter(([, count]) => count).sort(([, a], [, b]) => b - a);
  fill(id, sorted.slice(0, MOST_ROWS).map(([name, count]) => {
    const made = row(name, bar(count / most), number(count));
    made.children[1].className = "bar";
    made.children[1].setAttribute("aria-hidden", "true");
    return made;
  }), nothing);
}

function accuracy(data) {
  const { shadow, verifier } = data.window.semantic_accuracy;
  const rows = [];
  if (shadow.samples) {
    const [low, high] = shadow.wrong_share_ci;
    rows.push(row("Sampled", number(shadow.samples)));
    rows.push(row("Wrong among them",
      `${percent(shadow.wrong_share)} (95 %: ${percent(low)} to ${percent(high)})`));
  }
  if (shadow.failed) rows.push(row("Samples without an answer", number(shadow.failed)));
  const asked = verifier.approved + verifier.refused + verifier.failed;
  if (asked) {
    rows.push(row("Pairs that the verifier approved",
      `${number(verifier.approved)} of ${number(asked)}, ${number(verifier.failed)} unanswered`));
    rows.push(row("Verifier's cost", dollars(verifier.dollars_spent)));
  }
  for (const [name, tenant] of Object.entries(data.tenants)) {
    if (tenant.raised_threshold) {
      rows.push(row(`Threshold raised for ${name}`, tenant.raised_threshold.toFixed(2)));
    }
    if (tenant.barred_pairs) {
      rows.push(row(`Pairs barred by ${name}`, number(tenant.barred_pairs)));
    }
  }
  fill("accuracy", rows.slice(0, MOST_ROWS), "Nothing was checked in this time.");
}

function series(data) {
  const rows = [...data.series].reverse().map((piece) => row(
    moment(piece.start, data.range), ...KINDS.map(([field]) => number(piece[field])),
    percent(piece.hit_rate),
  ));
  fill("series", rows);
}

export function drawCharts(data) {
  rateLine(byId("rate"), data);
  columns(byId("requests"), data, KINDS);
}

export function show(data) {
  health(data.health.parts);
  parts(data.health.parts, data.breakers);
  recent(data.recent);
  cards(data);
  drawCharts(data);
  series(data);
  tiers(data.window.cache_performance);
  latency(data.window.latency);
  models(data.window.cost_analysis);
  counts("vetoes", data.window.cache_performance.vetoes, "No veto in this time.");
  accuracy(data);
  counts("refusals", data.window.cache_performance.refusals, "No refusal in this time.");
  counts("errors", data.window.cache_performance.errors, "No failure in this time.");
  fill("tenants", Object.entries(data.tenants).slice(0, MOST_ROWS).map(([name, found]) => row(
    name, number(found.total_requests), percent(found.total_requests ? found.hit_rate : null),
    number(found.total_tokens_saved), dollars(found.dollars_saved), dollars(found.dollars_spent),
  )), NOTHING);
}
