// Asks for the admin key, and forgets it again. Tells the page by an `admin-key` event.

import { byId } from "./nodes.js";
import { key } from "./server.js";

const told = () => dispatchEvent(new Event("admin-key"));

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
  told();
});

byId("forget").addEventListener("click", () => {
  key.forget();
  told();
});
