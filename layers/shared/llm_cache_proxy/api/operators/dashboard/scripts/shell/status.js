// Whether the server answers, and its parts: the dots in the page's head and the line below it.

import { duration, time } from "../shared/format.js";
import { byId, element } from "../shared/nodes.js";

const PARTS = {
  exact: "Exact tier", semantic: "Semantic tier", embedder: "Embedder", upstream: "Upstream",
};

let shown = null;

function say(text, isTrouble) {
  const state = byId("state");
  if (state.textContent !== text) state.textContent = text;
  state.classList.toggle("trouble", isTrouble);
  byId("view").classList.toggle("stale", isTrouble);
}

const said = (part) => `${part.status.replace("_", " ")}: ${part.message}`;

function dots(parts) {
  byId("health").replaceChildren(
    ...Object.entries(parts).map(([name, part]) => {
      const how = part.status === "ok" ? duration(part.milliseconds) : said(part);
      return element("span", `${PARTS[name] ?? name} ${how}`, part.status);
    }),
  );
}

export function fine(data) {
  shown = data;
  say("", false);
  dots(data.health.parts);
  byId("updated").textContent = `Updated ${time(data.generated_at)}`;
}

// What the parts do is not known while the server is away: its dots are grey.
export function trouble(text, again) {
  const since = shown ? ` The numbers are from ${time(shown.generated_at)}.` : "";
  say(`${text} Trying again every ${again} seconds.${since}`, true);
  byId("health").replaceChildren(
    ...Object.keys(shown?.health.parts ?? {}).map((name) =>
      element("span", `${PARTS[name] ?? name} not known`, "unknown")),
  );
}

export function nothingKnown() {
  shown = null;
  say("", false);
  byId("health").replaceChildren();
  byId("updated").textContent = "";
}
