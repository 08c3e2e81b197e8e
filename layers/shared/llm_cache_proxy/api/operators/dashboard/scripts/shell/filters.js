// The filters that pages share: the time shown, the tenant, the model and the client's key.

import { number } from "../shared/format.js";
import { keyNames } from "./key_names.js";
import { byId, choices } from "../shared/nodes.js";
import { address, go, value } from "../shared/place.js";

const RANGES = ["hour", "day", "week", "month", "custom"];
const TIMELESS = ["entries", "keys"];
const FIGURES = ["overview", "semantic"];
const OTHER = "other";
const MINUTE_MS = 60_000;

// Whether a custom range is being filled in, and not yet in the URL.
let choosing = false;
addEventListener("popstate", () => { choosing = false; });

function range() {
  if (value("range") === "custom" && !(value("since") && value("until"))) return "hour";
  return RANGES.includes(value("range")) ? value("range") : "hour";
}

// What the server is asked for the numbers of this place.
export function rangeFields() {
  const custom = range() === "custom";
  return {
    range: range(), tenant: value("tenant"), model: value("model"), key: value("key"),
    since: custom ? value("since") : null, until: custom ? value("until") : null,
  };
}

// A moment as a field of date and time has it, in the reader's own time.
function asField(seconds) {
  const local = new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * MINUTE_MS);
  return local.toISOString().slice(0, 16);
}

// What the figures are of, where they are not of everything that was counted.
function figuresOf({ kept, counted }, names) {
  if (kept === null) return "";
  const key = value("key");
  const named = [value("model"), key && `key ${names.get(key) ?? key}`].filter(Boolean).join(" and ");
  if (kept >= counted) return `Of all ${number(counted)} requests in this time, those of ${named}.`;
  return `Of the newest ${number(kept)} of ${number(counted)} requests in this time, those of ${named}. `
    + "Older ones are not kept one by one: REQUESTS_KEPT says how many are.";
}

async function showWhose(page, data) {
  choices(byId("tenant"), "All tenants", data.tenant_names, value("tenant"));
  for (const label of document.querySelectorAll(".of-requests")) label.hidden = TIMELESS.includes(page);
  const models = Object.keys(data.total.cost_analysis.by_model).filter((name) => name !== OTHER);
  choices(byId("of-model"), "All models", models, value("model"));
  const names = await keyNames(value("tenant"));
  choices(byId("of-key"), "All keys", [...names.keys()], value("key"), names);
  const said = FIGURES.includes(page) ? figuresOf(data, names) : "";
  if (byId("figures-of").textContent !== said) byId("figures-of").textContent = said;
}

export async function showFilters(page, data) {
  byId("filters").hidden = false;
  byId("ranges").hidden = TIMELESS.includes(page);
  if (!choosing) document.querySelector(`input[value=${range()}]`).checked = true;
  byId("custom").hidden = byId("ranges").hidden || !(choosing || range() === "custom");
  if (document.activeElement?.form !== byId("custom")) {
    byId("since").value = asField(value("since") ?? data.start);
    byId("until").value = asField(value("until") ?? data.end);
  }
  await showWhose(page, data);
}

const elsewhere = { after: null, open: null, skip: null };

byId("ranges").addEventListener("change", (event) => {
  const chosen = event.target.value;
  choosing = chosen === "custom";
  if (choosing) byId("custom").hidden = false;
  else go(address({ ...elsewhere, range: chosen, since: null, until: null }));
});

byId("custom").addEventListener("submit", (event) => {
  event.preventDefault();
  const [since, until] = ["since", "until"].map((id) => Math.floor(Date.parse(byId(id).value) / 1000));
  byId("until").setCustomValidity(since < until ? "" : "The end must be later than the beginning.");
  if (byId("custom").reportValidity()) go(address({ ...elsewhere, range: "custom", since, until }));
});
byId("until").addEventListener("input", () => byId("until").setCustomValidity(""));

byId("tenant").addEventListener("change", () => {
  go(address({ ...elsewhere, tenant: byId("tenant").value, key: null }));
});
for (const name of ["model", "key"]) {
  byId(`of-${name}`).addEventListener("change", () => {
    go(address({ ...elsewhere, [name]: byId(`of-${name}`).value }));
  });
}
