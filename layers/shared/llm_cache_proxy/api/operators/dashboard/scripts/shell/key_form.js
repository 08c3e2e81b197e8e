// Asks for the admin key, and forgets it again; an `admin-key` event reports each change.

import { byId } from "../shared/nodes.js";
import { key } from "../shared/server.js";

const notify = () => dispatchEvent(new Event("admin-key"));

export function askForKey(error) {
  if (error.given) key.forget();
  byId("key-error").textContent = error.message;
  if (byId("key-form").hidden) {
    byId("key-form").hidden = false;
    byId("key").focus();
  }
}

export function hideKeyForm() {
  byId("key-form").hidden = true;
  byId("forget").hidden = !key.isGiven();
}

byId("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = byId("key").value.trim();
  byId("key").value = "";
  if (!/^[\x21-\x7e]+$/.test(given)) {
    byId("key-error").textContent = "A key has no spaces and no special letters.";
    return;
  }
  key.keep(given);
  notify();
});

byId("forget").addEventListener("click", () => {
  key.forget();
  notify();
});
