// Fetches the numbers every five seconds, and shows the error when that fails.
// The admin key stays in this tab's session storage and goes to our own origin only.

import { refit } from "./charts.js";
import { time } from "./format.js";
import { byId } from "./nodes.js";
import { show } from "./page.js";

const EVERY_MS = 5000;
const PATIENCE_MS = 10000;
const KEY = "llm-cache-proxy-admin-key";
// Next to this file, so that a stage's path before it is kept.
const DATA = new URL("data", import.meta.url);

let last = null;
let timer = 0;
let asking = 0;

function say(text, trouble) {
  const state = byId("state");
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle("trouble", Boolean(trouble));
  byId("numbers").classList.toggle("stale", Boolean(trouble));
}

function trouble(text) {
  const since = last ? ` The numbers are from ${time(last.generated_at)}.` : "";
  say(`${text} Trying again every ${EVERY_MS / 1000} seconds.${since}`, true);
}

function askForKey(text) {
  sessionStorage.removeItem(KEY);
  last = null;
  say("");
  byId("key-error").textContent = text;
  for (const id of ["numbers", "ranges", "forget"]) byId(id).hidden = true;
  byId("health").replaceChildren();
  byId("updated").textContent = "";
  if (byId("key-form").hidden) {
    byId("key-form").hidden = false;
    byId("key").focus();
  }
}

function showNumbers(data) {
  last = data;
  byId("key-form").hidden = true;
  for (const id of ["numbers", "ranges"]) byId(id).hidden = false;
  byId("forget").hidden = sessionStorage.getItem(KEY) === null;
  show(data);
  say("");
  byId("updated").textContent = `Updated ${time(data.generated_at)}`;
}

async function fetchNumbers(range) {
  const key = sessionStorage.getItem(KEY);
  DATA.searchParams.set("range", range);
  return fetch(DATA, {
    headers: key === null ? {} : { "x-admin-key": key },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
}

async function refresh() {
  const mine = ++asking;
  clearTimeout(timer);
  const range = document.querySelector("input[name=range]:checked").value;
  let again = true;
  try {
    const response = await fetchNumbers(range);
    const body = await response.json();
    if (mine !== asking) return;
    if (response.status === 401) {
      again = false;
      const given = sessionStorage.getItem(KEY) !== null;
      askForKey(given ? "This key is wrong." : "");
    } else if (response.ok) showNumbers(body);
    else trouble(body.error?.message ?? `The server answers with status ${response.status}.`);
  } catch {
    if (mine !== asking) return;
    trouble("The server does not answer.");
  }
  if (again && !document.hidden) timer = setTimeout(refresh, EVERY_MS);
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const key = byId("key").value.trim();
  byId("key").value = "";
  if (!/^[\x21-\x7e]+$/.test(key)) {
    byId("key-error").textContent = "A key has no spaces and no special letters.";
    return;
  }
  sessionStorage.setItem(KEY, key);
  refresh();
});

byId("forget").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  refresh();
});

byId("ranges").addEventListener("change", refresh);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && byId("key-form").hidden) refresh();
});

new ResizeObserver(refit).observe(byId("rate"));

refresh();
