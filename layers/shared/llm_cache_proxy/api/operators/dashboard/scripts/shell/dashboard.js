// Shows the page that the URL names, and asks for its numbers every five seconds.

import { refit } from "../figures/charts.js";
import { byId } from "../shared/nodes.js";
import { pageAddress, value } from "../shared/place.js";
import { rangeFields, showFilters } from "./filters.js";
import { askForKey, hideKeyForm } from "./key_form.js";
import { get, KeyWanted } from "../shared/server.js";
import { fine, nothingKnown, trouble } from "./status.js";

const EVERY_MS = 5000;
const PAGES = ["overview", "requests", "entries", "semantic", "keys"];
const TITLES = { overview: "Overview", requests: "Requests", entries: "Entries",
  semantic: "Semantic tier", keys: "Tenants and keys" };

let shown = null;
let timer = 0;
let asking = 0;

function pageWanted() {
  return PAGES.includes(value("page")) ? value("page") : PAGES[0];
}

// Each page has its markup in one file and what it does in another, both loaded on first use.
async function opened(name) {
  if (shown?.name === name) return shown.page;
  const [page, markup] = await Promise.all([
    import(`../${name}/${name}.js`),
    fetch(new URL(`../../pages/${name}.html`, import.meta.url)).then((response) => {
      if (!response.ok) throw new Error("The server does not answer.");
      return response.text();
    }),
  ]);
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  byId("view").replaceChildren(...parsed.body.childNodes);
  shown = { name, page };
  page.begin?.(refresh);
  return page;
}

function showPlace(name) {
  document.title = `${TITLES[name]} · LLM Cache Proxy`;
  byId("pages").hidden = false;
  for (const link of byId("pages").children) {
    const own = new URLSearchParams(link.search).get("page");
    link.setAttribute("href", pageAddress(own));
    if (own === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function forgetNumbers(error) {
  shown = null;
  nothingKnown();
  byId("view").replaceChildren();
  byId("figures-of").textContent = "";
  for (const id of ["pages", "filters", "forget"]) byId(id).hidden = true;
  askForKey(error);
}

async function refresh() {
  const mine = ++asking;
  clearTimeout(timer);
  let again = true;
  try {
    const name = pageWanted();
    const data = await get("dashboard/data", rangeFields());
    if (mine !== asking) return;
    const page = await opened(name);
    if (mine !== asking) return;
    hideKeyForm();
    showPlace(name);
    await showFilters(name, data);
    if (mine !== asking) return;
    await page.show(data, () => mine === asking);
    if (mine !== asking) return;
    fine(data);
  } catch (error) {
    if (mine !== asking) return;
    if (error instanceof KeyWanted) {
      again = false;
      forgetNumbers(error);
    } else trouble(error.message, EVERY_MS / 1000);
  }
  if (again && !document.hidden) timer = setTimeout(refresh, EVERY_MS);
}

addEventListener("popstate", refresh);
addEventListener("admin-key", refresh);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && byId("key-form").hidden) refresh();
});
new ResizeObserver(refit).observe(byId("view"));

refresh();
