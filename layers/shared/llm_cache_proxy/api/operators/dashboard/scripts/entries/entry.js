// One entry in the drawer: its prompt, its answer, and the way to delete it.

import { answerText } from "../shared/answer.js";
import { closeDrawer, openDrawer, question } from "../shared/dialogs.js";
import { dateTime, NOTHING, number } from "../shared/format.js";
import { button, element, fact, holding } from "../shared/nodes.js";
import { acting, notice } from "../shared/notice.js";
import { get, post, Refused } from "../shared/server.js";

function facts(entry) {
  return holding("dl", "facts",
    fact("Model", entry.model), fact("Tenant", entry.tenant),
    fact("Namespace", entry.namespace ?? NOTHING), fact("Tags", entry.tags.join(", ") || NOTHING),
    fact("Made", dateTime(entry.created_at)), fact("Expires", dateTime(entry.expires_at)),
    fact("Tokens", `${number(entry.prompt_tokens)} in, ${number(entry.completion_tokens)} out`),
    fact("Bytes", number(entry.bytes)), fact("Id", entry.entry, "long"),
  );
}

function deleting(entry, onClose, onChange) {
  return button("Delete this entry", "danger", () => question(
    "Delete this entry?", "Its answer is served to nobody from now on.", "Delete",
    (form, act, close) => acting(act, async () => {
      await post("admin/cache/clear", { tenant: entry.tenant, entry: entry.entry });
      close();
      notice("The entry is deleted.");
      onChange();
      closeDrawer();
      onClose();
    }),
  ));
}

export async function openEntry(id, tenant, onClose, onChange) {
  let parts;
  try {
    const entry = await get("admin/entries/show", { entry: id, tenant, texts: true });
    parts = [
      holding("div", "pane", element("h3", "The prompt"), element("p", entry.prompt, "text")),
      holding("div", "pane", element("h3", "The answer"),
        element("p", answerText(entry.answer), "text")),
      holding("section", undefined, element("h3", "Facts"), facts(entry)),
      holding("div", "buttons", deleting(entry, onClose, onChange)),
    ];
  } catch (error) {
    if (!(error instanceof Refused && error.status === 404)) throw error;
    parts = [element("p", error.message, "empty")];
  }
  openDrawer("Entry", parts, onClose);
}
