// The last decisions, newest first: what became of a request, and why.

import { dollars, duration, NOTHING, number, time } from "./format.js";
import { byId, element, fill, row } from "./nodes.js";

const SWATCHES = {
  "HIT-EXACT": "exact", "HIT-SEMANTIC": "semantic", MISS: "misses", ERROR: "failed", REFUSED: "failed",
};

function money(line) {
  if (line.dollars_saved !== undefined) return `${dollars(line.dollars_saved)} saved`;
  return line.dollars_spent === undefined ? NOTHING : `${dollars(line.dollars_spent)} spent`;
}

function tokens(line) {
  if (line.prompt_tokens === undefined) return NOTHING;
  return number(line.prompt_tokens + line.completion_tokens);
}

function cells(line) {
  const result = element("span");
  result.append(
    element("span", undefined, `swatch ${SWATCHES[line.result] ?? "others"}`), line.result,
  );
  return [
    result, line.reason, line.model ?? NOTHING, line.similarity?.toFixed(4) ?? NOTHING,
    tokens(line), money(line), duration(line.latency_ms), line.tenant ?? NOTHING,
  ];
}

export function recent(lines) {
  const prompts = lines.some((line) => line.prompt !== undefined);
  const head = document.querySelector(".recent thead tr");
  if (prompts !== Boolean(head.querySelector(".prompt"))) {
    if (prompts) {
      const made = element("th", "Prompt", "prompt");
      made.scope = "col";
      head.append(made);
    } else head.querySelector(".prompt").remove();
  }
  byId("recent-note").textContent = prompts
    ? "RECENT_PROMPTS is on: the beginnings of prompts are kept with these lines."
    : "Without prompts; RECENT_PROMPTS would show how they begin.";
  fill("recent", lines.map((line) => {
    const made = row(time(line.time), ...cells(line), ...(prompts ? [line.prompt ?? NOTHING] : []));
    if (prompts) made.lastChild.className = "prompt";
    return made;
  }), "No request has been answered yet.");
}
