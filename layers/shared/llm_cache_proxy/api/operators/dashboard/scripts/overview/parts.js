// The parts of the service: whether each answers, and the breaker that stands before it.

import { duration, NOTHING, number } from "../shared/format.js";
import { element, fill, row } from "../shared/nodes.js";

const PARTS = {
  exact: "Exact tier", semantic: "Semantic tier", embed: "Embedder", search: "Semantic tier",
  verifier: "Verifier", embedder: "Embedder", upstream: "Upstream",
};
// The breaker that stands before a part; the others belong to parts that are not asked for health.
const BREAKERS = { exact: "exact", semantic: "search", embedder: "embed" };

export function parts(found, breakers) {
  const stores = Object.entries(found).map(([name, part]) => {
    const took = part.status === "ok" ? duration(part.milliseconds) : NOTHING;
    return [name, part.status, took, breakers[BREAKERS[name]]];
  });
  const guarded = Object.keys(found).map((name) => BREAKERS[name]);
  const others = Object.entries(breakers).filter(([name]) => !guarded.includes(name)).map(
    ([name, breaker]) => [name, NOTHING, NOTHING, breaker],
  );
  fill("parts", [...stores, ...others].map(([name, status, took, breaker]) => {
    const state = element("span", status, status === NOTHING ? undefined : status);
    return row(
      PARTS[name] ?? name, state, took,
      breaker?.state ?? NOTHING, breaker ? number(breaker.trips) : NOTHING,
    );
  }));
}
