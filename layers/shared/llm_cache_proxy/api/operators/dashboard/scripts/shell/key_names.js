// What clients' keys are called, by the id that stands in the request log. They change seldom.

import { get } from "../shared/server.js";

const FRESH_MS = 60_000;

let held = { until: 0 };

export async function keyNames(tenant) {
  if (held.tenant === tenant && Date.now() < held.until) return held.names;
  const { keys } = await get("admin/keys", { tenant });
  const names = new Map(keys.map((key) => [
    key.id.slice(key.tenant.length + 1), tenant ? key.name : `${key.name} (${key.tenant})`,
  ]));
  held = { tenant, names, until: Date.now() + FRESH_MS };
  return names;
}
