// Clears entries by one selector, and says beforehand how many they are.

import { question } from "../shared/dialogs.js";
import { number } from "../shared/format.js";
import { element, holding } from "../shared/nodes.js";
import { acting, notice } from "../shared/notice.js";
import { post } from "../shared/server.js";

const KINDS = [
  ["model", "Of a model"], ["tag", "With a tag"], ["namespace", "Of a namespace"],
  ["older_than_seconds", "Older than, in hours"], ["all", "Everything"],
];
const HOUR_SECONDS = 3600;
const TYPING_MS = 300;

function label(text, field) {
  return holding("label", undefined, `${text} `, field);
}

// What the fields select; null while they name nothing.
function selected(kind, text, tenant) {
  const own = tenant ? { tenant } : {};
  if (kind === "all") return { all: true, ...own };
  if (!text) return null;
  if (kind !== "older_than_seconds") return { [kind]: text, ...own };
  const hours = Number(text);
  return Number.isFinite(hours) && hours >= 0
    ? { [kind]: Math.round(hours * HOUR_SECONDS), ...own } : null;
}

function described({ exact, semantic }, tenants) {
  const whose = tenants.length === 1 ? `of ${tenants[0]}` : `of ${tenants.length} tenants`;
  return `${number(exact)} in the exact tier and ${number(semantic)} in the semantic tier, ${whose}.`;
}

export function askToClear(fields, onChange) {
  const kind = element("select"), value = element("input"), count = element("p", undefined, "count");
  kind.append(...KINDS.map(([name, text]) => new Option(text, name)));
  kind.value = fields.tag ? "tag" : "model";
  value.value = fields[kind.value] ?? "";
  value.autocomplete = "off";
  count.setAttribute("role", "status");
  const valued = label("Which", value);
  const chosen = () => selected(kind.value, value.value.trim(), fields.tenant);
  let counting = 0, typing = 0;

  const act = question("Clear entries",
    [label("Clear entries", kind), valued, count], "Clear",
    (form, pressed, close) => acting(pressed, async () => {
      const { cleared } = await post("admin/cache/clear", chosen());
      close();
      notice(`Cleared ${number(cleared.exact)} entries.`);
      onChange();
    }),
  );

  async function recount() {
    const mine = ++counting;
    valued.hidden = kind.value === "all";
    act.disabled = true;
    act.textContent = "Clear";
    count.textContent = "";
    if (chosen() === null) return;
    try {
      const found = await post("admin/cache/clear", { ...chosen(), dry_run: true });
      if (mine !== counting) return;
      count.textContent = described(found.would_clear, found.tenants);
      act.textContent = `Clear ${number(found.would_clear.exact)} entries`;
      act.disabled = found.would_clear.exact + found.would_clear.semantic === 0;
    } catch (error) {
      if (mine === counting) count.textContent = error.message;
    }
  }

  kind.addEventListener("change", recount);
  value.addEventListener("input", () => {
    clearTimeout(typing);
    act.disabled = true;
    typing = setTimeout(recount, TYPING_MS);
  });
  recount();
}
