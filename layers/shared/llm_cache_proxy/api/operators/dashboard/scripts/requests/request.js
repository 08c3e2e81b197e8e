// One request in the drawer: what became of it and why; where it was compared with another prompt,
// both side by side, and the reader's word on an answer that was served.

import { answerText } from "../shared/answer.js";
import { openDrawer } from "../shared/dialogs.js";
import { marked } from "./difference.js";
import { dateTime, duration, NOTHING, number } from "../shared/format.js";
import { money } from "./line.js";
import { button, element, fact, holding } from "../shared/nodes.js";
import { acting, notice } from "../shared/notice.js";
import { badge } from "./result.js";
import { scale } from "../figures/scale.js";
import { get, post, Refused } from "../shared/server.js";

const COMPARED = ["similar", "promoted", "verified", "learned", "trusted"];
const GONE = "The entry is no longer there: it has expired or was cleared.";

function facts(line) {
  const counted = line.prompt_tokens === undefined ? NOTHING
    : `${number(line.prompt_tokens)} in, ${number(line.completion_tokens)} out`;
  return holding("dl", "facts",
    fact("Time", dateTime(line.time)), fact("Status", String(line.status)),
    fact("Tenant", line.tenant ?? NOTHING), fact("Key", line.key ?? NOTHING),
    fact("Model", line.model ?? NOTHING), fact("Tokens", counted), fact("Dollars", money(line)),
    fact("Began after", duration(line.latency_ms)), fact("Ended after", duration(line.duration_ms)),
    fact("Entry", line.entry?.slice(0, 24) ?? NOTHING, "long"),
  );
}

// What decided: the reason, and the similarity on a scale with the threshold.
function decision(line, meanings, threshold) {
  const [reason, detail] = line.reason.split(":");
  const meaning = meanings[reason];
  const named = holding("p", "reason", element("code", line.reason), meaning ? ` ${meaning}` : "");
  const parts = [element("h3", "What decided"), named];
  if (reason === "guard") parts.push(element("p", `The guard's rule “${detail}” saw the difference.`));
  if (line.similarity !== undefined) parts.push(scale(line.similarity, threshold));
  if (reason === "below-threshold" && threshold !== null && line.similarity >= threshold) {
    parts.push(element("p", "This request wanted more than the threshold that is set.", "note"));
  }
  return holding("section", undefined, ...parts);
}

function pane(title, text, note) {
  return holding("div", "pane", element("h3", title),
    text === null ? element("p", note, "empty") : holding("p", "text", ...text));
}

// Prompts are kept with requests by their beginning alone.
function isSame(own, stored) {
  return own !== null && stored !== null && (own === stored || stored.startsWith(own));
}

function prompts(line, entry) {
  const own = line.prompt ?? null, stored = entry.prompt ?? null;
  if (!COMPARED.includes(line.reason) || isSame(own, stored)) {
    return pane("The prompt", [stored ?? own ?? NOTHING]);
  }
  return beside(own, "The stored prompt", stored);
}

function beside(own, title, stored) {
  const [left, right] = own !== null && stored !== null
    ? marked(own, stored) : [own === null ? null : [own], stored === null ? null : [stored]];
  return holding("div", "beside-each-other",
    pane("This request", left, "Not kept: RECENT_PROMPTS keeps prompts with requests."),
    pane(title, right, GONE),
  );
}

function verdicts(line) {
  const fields = { entry: line.entry, ...(line.tenant ? { tenant: line.tenant } : {}) };
  const judge = (verdict, said) => (pressed) => acting(pressed, async () => {
    await post("admin/feedback", { ...fields, verdict });
    notice(said);
    outcome.textContent = said;
  });
  const outcome = element("p", undefined, "note");
  outcome.setAttribute("role", "status");
  return holding("section", "verdict",
    element("h3", "Is this answer right for this request?"),
    holding("div", "buttons",
      button("Good", "good", judge("good", "Good: the pair may match.")),
      button("Bad", "bad",
        judge("bad", "Bad: the entry is deleted, and the pair will not match again."))),
    element("p", "Bad deletes the entry and bars this pair of prompts; good takes that back.", "note"),
    outcome,
  );
}

function alone(line) {
  return line.prompt === undefined ? [] : [pane("The prompt", [line.prompt])];
}

// The entry with its texts, or null where it has expired or was cleared.
async function entryOf(line, id) {
  try {
    return await get("admin/entries/show", { entry: id, tenant: line.tenant, texts: true });
  } catch (error) {
    if (error instanceof Refused && error.status === 404) return null;
    throw error;
  }
}

// What was not served is shown beside the prompt that was nearest.
async function notServed(line) {
  if (!line.nearest) return alone(line);
  const entry = await entryOf(line, line.nearest);
  return [beside(line.prompt ?? null, "The nearest stored prompt", entry?.prompt ?? null)];
}

async function answered(line) {
  if (!line.entry) return notServed(line);
  const entry = await entryOf(line, line.entry);
  const judged = COMPARED.includes(line.reason) ? [verdicts(line)] : [];
  if (entry === null) return [...alone(line), element("p", GONE, "empty"), ...judged];
  return [prompts(line, entry), pane("The answer", [answerText(entry.answer)]), ...judged];
}

export async function openRequest(id, line, meanings, threshold, onClose) {
  if (!line) {
    openDrawer(id, [element("p", "This request is no longer kept.", "empty")], onClose);
    return;
  }
  const title = holding("span", "drawer-name", badge(line.result), element("code", id));
  openDrawer(title, [
    decision(line, meanings, threshold), ...await answered(line),
    holding("section", undefined, element("h3", "Facts"), facts(line)),
  ], onClose);
}
