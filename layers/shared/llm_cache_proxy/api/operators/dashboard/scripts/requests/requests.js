// The list of recent requests: filtered, searched, in pages, and each of them to be opened.

import { closeDrawer } from "../shared/dialogs.js";
import { dateTime, dollars, number, percent } from "../shared/format.js";
import { lineCells, opening } from "./line.js";
import { byId, fact, fill, row } from "../shared/nodes.js";
import { address, go, value } from "../shared/place.js";
import { openRequest } from "./request.js";
import { resultName, RESULTS } from "./result.js";
import { get } from "../shared/server.js";

const PAGE = 50;
const TYPING_MS = 300;
const DAY_SECONDS = 86400;
const FILTERS = ["search", "result"];

let typing = 0;
let opened = null;

export function begin() {
  opened = null;
  closeDrawer();
  byId("search").value = value("search") ?? "";
  byId("result").replaceChildren(
    new Option("All results", ""), ...RESULTS.map((name) => new Option(resultName(name), name)),
  );
  for (const id of FILTERS) {
    byId(id).addEventListener(id === "search" ? "input" : "change", () => {
      clearTimeout(typing);
      const to = () => go(address({ ...filled(), after: null, open: null }));
      typing = setTimeout(to, id === "search" ? TYPING_MS : 0);
    });
  }
  byId("request-filters").addEventListener("submit", (event) => event.preventDefault());
}

function filled() {
  return Object.fromEntries(FILTERS.map((id) => [id, byId(id).value.trim()]));
}

// The same span as the other pages show, so that their numbers agree.
function fields(data) {
  return {
    tenant: value("tenant"), model: value("model"), key: value("key"), result: value("result"),
    search: value("search"), since: data.start, until: data.end,
  };
}

function figures(found) {
  byId("figures").replaceChildren(
    fact("Requests", number(found.requests)),
    fact("Hit rate", percent(found.hit_rate)),
    fact("Saved", dollars(found.dollars_saved)),
    fact("Spent", dollars(found.dollars_spent)),
    fact("Tokens saved", number(found.tokens_saved)),
    fact("Tokens used", number(found.tokens_used)),
  );
}

function filters() {
  if (document.activeElement !== byId("search")) byId("search").value = value("search") ?? "";
  byId("result").value = value("result") ?? "";
}

function pager(page, data) {
  byId("newest").hidden = !value("after");
  byId("newest").setAttribute("href", address({ after: null, open: null }));
  byId("older").hidden = page.cursor === null;
  byId("older").setAttribute("href", address({ after: page.cursor, open: null }));
  const since = page.kept_since === null ? null : dateTime(page.kept_since);
  byId("kept").textContent = since
    ? `Requests are kept since ${since}; REQUESTS_KEPT says how many of each tenant.`
    : "Of each tenant the last REQUESTS_KEPT requests are kept.";
  byId("kept").hidden = page.kept_since !== null && page.kept_since < data.start;
}

// A link may name a request that is on another page.
async function openedLine(page, wanted) {
  const here = page.requests.find((line) => line.request_id === wanted);
  if (here) return [here, page.meanings];
  const found = await get("admin/requests", { search: wanted, limit: 1 });
  return [found.requests[0], found.meanings];
}

async function openWanted(page, data) {
  const wanted = value("open");
  if (wanted === opened) return;
  opened = wanted;
  if (!wanted) return closeDrawer();
  const [line, meanings] = await openedLine(page, wanted);
  openRequest(wanted, line, meanings, data.threshold, () => go(address({ open: null })));
}

export async function show(data, isCurrent) {
  const page = await get("admin/requests", { ...fields(data), limit: PAGE, cursor: value("after") });
  if (!isCurrent()) return;
  figures(page.figures);
  filters();
  const withDay = data.end - data.start > DAY_SECONDS;
  fill("requests", page.requests.map((line) => row(
    opening(line, address({ open: line.request_id }), withDay), ...lineCells(line),
  )), "No request of this kind is kept.");
  pager(page, data);
  await openWanted(page, data);
}
