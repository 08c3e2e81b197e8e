// The semantic tier's own page: how near prompts were, what was vetoed, and how hits turned out.

import { card } from "../figures/cards.js";
import { counts } from "../figures/counts.js";
import { dollars, number, percent } from "../shared/format.js";
import { histogram } from "../figures/histogram.js";
import { interval } from "../figures/interval.js";
import { learning } from "./learning.js";
import { byId, fill, row } from "../shared/nodes.js";

const MOST_ROWS = 12;

function sum(bands, field) {
  return bands.reduce((total, band) => total + band[field], 0);
}

function cards(data) {
  const { similarities: bands, threshold } = data;
  const compared = ["served", "vetoed", "not_served"].map((field) => sum(bands, field));
  const all = compared.reduce((total, part) => total + part, 0);
  const { shadow } = data.window.semantic_accuracy;
  const share = (part) => (all ? `${percent(part / all)} of them` : "none compared");
  byId("cards").replaceChildren(
    card("Compared semantically", number(all), "with a nearest prompt"),
    card("Served", number(compared[0]), share(compared[0])),
    card("Vetoed", number(compared[1]), share(compared[1])),
    card("Threshold", threshold === null ? "off" : threshold.toFixed(2), "least similarity of a hit"),
    card("Wrong of samples", percent(shadow.wrong_share),
      shadow.samples ? `${number(shadow.samples)} sampled` : noSamples(data)),
  );
}

// Samples are taken after an answer, and counted by tenant alone.
function noSamples(data) {
  return data.kept === null ? "none sampled" : "by tenant alone";
}

function accuracy(data) {
  const { shadow, verifier } = data.window.semantic_accuracy;
  const rows = [];
  interval(byId("share"), shadow);
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
  fill("accuracy", rows.slice(0, MOST_ROWS), data.kept === null
    ? "Nothing was checked in this time." : "Checks are counted by tenant, not by model or key.");
}

function bands(found) {
  fill("bands", [...found].reverse().map((band) => row(
    band.low.toFixed(2), number(band.served), number(band.vetoed), number(band.not_served),
  )), "Nothing was compared in this time.");
}

export async function show(data, isCurrent) {
  cards(data);
  histogram(byId("histogram"), data.similarities, data.threshold);
  byId("threshold-legend").hidden = data.threshold === null;
  bands(data.similarities);
  counts("vetoes", data.window.cache_performance.vetoes, "No veto in this time.");
  accuracy(data);
  await learning(data.learns, isCurrent);
}
