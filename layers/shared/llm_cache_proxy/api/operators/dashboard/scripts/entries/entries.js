// The entries of the cache: searched, opened, deleted, and cleared by selector.

import { askToClear } from "./clearing.js";
import { closeDrawer } from "../shared/dialogs.js";
import { openEntry } from "./entry.js";
import { number, span } from "../shared/format.js";
import { byId, element, fill, holding, link, row } from "../shared/nodes.js";
import { address, go, value } from "../shared/place.js";
import { get } from "../shared/server.js";

const PAGE = 50;
const TYPING_MS = 300;
const FILTERS = { search: "search", model: "model", tag: "tag", age: "age" };

let typing = 0;
let opened = null;
let asked = null;

export function begin(refresh) {
  opened = asked = null;
  closeDrawer();
  for (const [id, name] of Object.entries(FILTERS)) {
    byId(id).value = value(name) ?? "";
    byId(id).addEventListener(id === "age" ? "change" : "input", () => {
      clearTimeout(typing);
      const to = () => go(address({ ...filled(), skip: null, open: null }));
      typing = setTimeout(to, id === "age" ? 0 : TYPING_MS);
    });
  }
  byId("entry-filters").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", () => askToClear(fields(), () => {
    asked = null;
    refresh();
  }));
}

function filled() {
  const pairs = Object.entries(FILTERS).map(([id, name]) => [name, byId(id).value.trim()]);
  return Object.fromEntries(pairs);
}

function fields() {
  const [kind, seconds] = (value("age") ?? "").split("-");
  return {
    tenant: value("tenant"), search: value("search"), model: value("model"), tag: value("tag"),
    [`${kind || "older"}_than_seconds`]: seconds ?? null,
  };
}

function tags(names) {
  return holding("span", "tags", ...names.map((name) => element("span", name, "tag")));
}

function entryRow(entry, now) {
  const named = link(entry.beginning || entry.entry, address({ open: entry.entry }));
  named.dataset.id = entry.entry;
  return row(
    named, entry.model, tags(entry.tags), entry.tenant, span(now - entry.created_at),
    span(entry.expires_at - now), number(entry.prompt_tokens + entry.completion_tokens),
  );
}

function pager(page) {
  const skip = Number(value("skip") ?? 0);
  byId("newer").hidden = skip === 0;
  byId("newer").setAttribute("href", address({ skip: Math.max(0, skip - PAGE) || null, open: null }));
  byId("older").hidden = skip + PAGE >= page.matched;
  byId("older").setAttribute("href", address({ skip: skip + PAGE, open: null }));
  const some = page.whole ? `${number(page.matched)} entries` : `The first ${number(page.matched)}`;
  const shown = page.matched > PAGE ? `, ${skip + 1} to ${Math.min(skip + PAGE, page.matched)} shown` : "";
  const said = `${page.matched === 1 ? "One entry" : some}${shown}, newest first.`;
  if (byId("matched").textContent !== said) byId("matched").textContent = said;
}

async function openWanted(data, refresh) {
  const wanted = value("open");
  if (wanted === opened) return;
  opened = wanted;
  if (!wanted) return closeDrawer();
  await openEntry(wanted, value("tenant"), () => go(address({ open: null })), refresh);
}

// A search reads many entries, so that it is made anew only when something was changed.
export async function show(data, isCurrent) {
  const wanted = JSON.stringify([fields(), value("skip"), data.entries, data.tenant_names]);
  if (wanted !== asked) {
    const page = await get("admin/entries/search", { ...fields(), skip: value("skip"), limit: PAGE });
    if (!isCurrent()) return;
    asked = wanted;
    fill("entries", page.entries.map((entry) => entryRow(entry, data.generated_at)),
      "No entry fits.");
    pager(page);
  }
  await openWanted(data, () => { asked = null; });
}
