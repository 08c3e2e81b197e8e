// The dialogs about one key: making it, changing its limits, and showing it once.

import { question } from "../shared/dialogs.js";
import { element, holding } from "../shared/nodes.js";
import { acting, notice } from "../shared/notice.js";
import { post } from "../shared/server.js";

const LIMITS = [
  ["requests_per_minute", "Requests a minute", "1"],
  ["tokens_per_day", "Tokens a day", "1"],
  ["dollars_per_month", "Dollars a month", "any"],
];
const DAY_SECONDS = 86400;

function field(name, text, more = {}) {
  const input = Object.assign(element("input"), { name, autocomplete: "off", ...more });
  return holding("label", undefined, `${text} `, input);
}

function limitFields(limits = {}) {
  return LIMITS.map(([name, text, step]) => field(name, text, {
    type: "number", min: step === "any" ? "0" : "1", step, value: limits[name] ?? "",
    placeholder: "no limit",
  }));
}

// What was filled in; numbers as numbers, and dollars as their digits.
function given(form) {
  const found = {};
  for (const { name, value } of form.elements) {
    if (!name || value.trim() === "") continue;
    const isCount = name.endsWith("_minute") || name.endsWith("_day");
    found[name] = isCount ? Number(value) : value.trim();
  }
  return found;
}

// The whole key, which the server shows in this one answer and keeps nowhere.
export function showSecret(made) {
  const shown = Object.assign(element("input"), { value: made.key, readOnly: true });
  shown.className = "secret";
  shown.setAttribute("aria-label", "The key");
  question(`The key of ${made.name}`, [
    element("p", "It is shown this once, and stored nowhere. Copy it now."), shown,
  ], "Copy and close", (form, act, close) => acting(act, async () => {
    shown.select();
    await navigator.clipboard?.writeText(made.key);
    close();
    notice("The key is copied.");
  }), "act");
}

export function makeKey(tenant, onChange) {
  question("New key", [
    field("tenant", "Tenant", { required: true, value: tenant ?? "", maxLength: 64 }),
    field("name", "Name", { required: true, maxLength: 100, placeholder: "what it is for" }),
    field("models", "Models", { placeholder: "all, or names separated by commas" }),
    ...limitFields(),
    field("days", "Days until it ends", { type: "number", min: "1", placeholder: "never" }),
  ], "Make the key", (form, act, close) => acting(act, async () => {
    const { models, days, ...fields } = given(form);
    if (models) fields.models = models.split(",").map((name) => name.trim()).filter(Boolean);
    if (days) fields.expires_in_seconds = Number(days) * DAY_SECONDS;
    const made = await post("admin/keys/create", fields);
    close();
    showSecret(made);
    onChange();
  }), "act");
}

export function askForLimits(key, onChange) {
  question(`Limits of ${key.name}`, limitFields(key.limits), "Change the limits",
    (form, act, close) => acting(act, async () => {
      const fields = given(form);
      const unlimited = LIMITS.map(([name]) => name).filter(
        (name) => key.limits[name] !== null && !(name in fields),
      );
      await post("admin/keys/edit", {
        id: key.id, ...fields, ...(unlimited.length ? { unlimited } : {}),
      });
      close();
      notice(`The limits of ${key.name} are changed.`);
      onChange();
    }), "act");
}
