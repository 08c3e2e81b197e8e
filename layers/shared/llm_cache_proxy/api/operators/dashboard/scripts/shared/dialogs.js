// The two dialogs: a drawer that shows one thing whole, and a question before what cannot be undone.

import { button, byId, element, holding } from "./nodes.js";

let closed = () => {};

// Show `children` in the drawer; `onClose` is called when the reader closes it.
export function openDrawer(title, children, onClose) {
  const drawer = byId("drawer");
  byId("drawer-title").replaceChildren(title);
  byId("drawer-body").replaceChildren(...children);
  closed = onClose;
  if (!drawer.open) drawer.showModal();
}

export function closeDrawer() {
  closed = () => {};
  if (byId("drawer").open) byId("drawer").close();
}

byId("drawer").addEventListener("close", () => {
  const onClose = closed;
  closed = () => {};
  onClose();
});
byId("drawer-close").addEventListener("click", () => byId("drawer").close());

// Ask, and do `action` once the reader agrees; `body` is a form's content or a text.
export function question(title, body, word, action, kind = "danger") {
  const asked = byId("question");
  const form = element("form");
  form.method = "dialog";
  const act = element("button", word, kind);
  act.type = "submit";
  const heading = element("h2", title);
  heading.id = "question-title";
  const trouble = element("p", undefined, "error");
  trouble.setAttribute("role", "alert");
  form.append(
    heading, ...(Array.isArray(body) ? body : [element("p", body)]), trouble,
    holding("div", "buttons", button("Cancel", "plain", () => asked.close()), act),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    action(form, act, () => asked.close());
  });
  asked.replaceChildren(form);
  asked.showModal();
  return act;
}
