// One line of the request log, as cells of a table.

import { dateTime, dollars, duration, NOTHING, number, time } from "../shared/format.js";
import { element, holding, link, nothing } from "../shared/nodes.js";
import { pageAddress } from "../shared/place.js";
import { badge } from "./result.js";

export function money(line) {
  if (line.dollars_saved !== undefined) return `${dollars(line.dollars_saved)} saved`;
  return line.dollars_spent === undefined ? NOTHING : `${dollars(line.dollars_spent)} spent`;
}

export function tokens(line) {
  if (line.prompt_tokens === undefined) return NOTHING;
  return number(line.prompt_tokens + line.completion_tokens);
}

// A link that opens the request, named by when it came.
export function opening(line, to, withDay) {
  const made = link(withDay ? dateTime(line.time) : time(line.time), to);
  made.dataset.id = line.request_id;
  made.title = `Open ${line.request_id}`;
  return made;
}

export function lineCells(line) {
  const kind = line.status >= 400 ? "bad" : undefined;
  const cells = [
    holding("span", "result", badge(line.result), element("small", line.reason)),
    element("span", String(line.status ?? NOTHING), kind),
    line.model, line.similarity?.toFixed(4), tokens(line), money(line),
    duration(line.latency_ms), line.tenant,
  ];
  return cells.map((cell) => (cell === undefined || cell === NOTHING ? nothing() : cell));
}

export function requestAddress(line) {
  return pageAddress("requests", { open: line.request_id });
}
