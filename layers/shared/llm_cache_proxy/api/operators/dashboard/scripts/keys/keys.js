// Tenants and what they came to; clients' keys with their use against their limits.

import { question } from "../shared/dialogs.js";
import { askForLimits, makeKey, showSecret } from "./key_dialogs.js";
import { dateTime, dollars, number, percent } from "../shared/format.js";
import { meter } from "../figures/meter.js";
import { button, byId, element, fill, holding, link, nothing, row } from "../shared/nodes.js";
import { acting, notice } from "../shared/notice.js";
import { pageAddress, value } from "../shared/place.js";
import { get, post } from "../shared/server.js";

let refresh = () => {};

export function begin(refreshPage) {
  refresh = refreshPage;
  byId("make").addEventListener("click", () => makeKey(value("tenant"), refresh));
  byId("with-ended").addEventListener("change", refresh);
}

function restoring(name, raised) {
  return holding("span", "raised", raised.toFixed(2), button("Restore", "small", () => question(
    `Restore the threshold of ${name}?`,
    "What samples have raised is taken back, and samples are counted anew.", "Restore",
    (form, act, close) => acting(act, async () => {
      await post("admin/threshold/restore", { tenant: name });
      close();
      notice(`The threshold of ${name} is restored.`);
      refresh();
    }), "act",
  )));
}

function tenants(data) {
  fill("tenants", Object.entries(data.tenants).map(([name, found]) => {
    const named = link(name, pageAddress("overview", { tenant: name, key: null }));
    named.dataset.id = name;
    return row(
      named, number(found.total_requests), percent(found.total_requests ? found.hit_rate : null),
      number(found.total_tokens_saved), dollars(found.dollars_saved), dollars(found.dollars_spent),
      found.raised_threshold ? restoring(name, found.raised_threshold) : nothing(),
      number(found.barred_pairs),
    );
  }), "No tenant has sent a request yet.");
  byId("tenants-left").textContent = data.tenants_not_shown
    ? `${number(data.tenants_not_shown)} more tenants with fewer requests are not shown.` : "";
}

function revoking(key) {
  return button("Revoke", "small danger", () => question(
    `Revoke ${key.name}?`, `${key.id} is invalid from the next request on, for good.`, "Revoke",
    (form, act, close) => acting(act, async () => {
      await post("admin/keys/revoke", { id: key.id });
      close();
      notice(`${key.name} is revoked.`);
      refresh();
    }),
  ));
}

function rotating(key) {
  return button("Rotate", "small", () => question(
    `Rotate ${key.name}?`, "A new key takes its place, with its limits and what it has used. "
    + "The old one is invalid at once.", "Rotate",
    (form, act, close) => acting(act, async () => {
      const made = await post("admin/keys/rotate", { id: key.id });
      close();
      showSecret(made);
      refresh();
    }), "act",
  ));
}

function actions(key) {
  if (key.status !== "active") return "";
  const made = holding("span", "actions",
    button("Limits", "small", () => askForLimits(key, refresh)), rotating(key), revoking(key));
  [...made.children].forEach((one) => { one.dataset.id = `${one.textContent} ${key.id}`; });
  return made;
}

function keyRow(key) {
  const { limits, used } = key;
  const id = key.id.slice(key.tenant.length + 1);
  const requests = link(key.name, pageAddress("overview", { tenant: key.tenant, key: id }));
  requests.dataset.id = key.id;
  const named = holding("span", "named", requests, element("small", key.id));
  return row(
    named, element("span", key.status, `state-${key.status}`),
    meter(used.requests_this_minute, limits.requests_per_minute, number),
    meter(used.tokens_today, limits.tokens_per_day, number),
    meter(used.dollars_this_month, limits.dollars_per_month, dollars),
    key.expires_at === null ? nothing() : dateTime(key.expires_at), actions(key),
  );
}

export async function show(data, isCurrent) {
  tenants(data);
  const { keys } = await get("admin/keys", { tenant: value("tenant") });
  if (!isCurrent()) return;
  const shown = keys.filter((key) => key.status === "active" || byId("with-ended").checked);
  fill("keys", shown.map(keyRow), "No key has been made. In open mode none is needed.");
}
