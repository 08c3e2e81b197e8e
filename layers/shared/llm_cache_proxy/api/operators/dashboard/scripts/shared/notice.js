// What an action has done, said once and read out.

import { byId } from "./nodes.js";

const SHOWN_MS = 8000;
let timer = 0;

export function notice(text, isTrouble = false) {
  clearTimeout(timer);
  const place = byId("notice");
  place.textContent = text;
  place.classList.toggle("trouble", isTrouble);
  timer = setTimeout(() => { place.textContent = ""; }, SHOWN_MS);
}

// Run a button's action. What goes wrong is said in its form, or in the notice where it has none.
export async function acting(button, action) {
  button.disabled = true;
  try {
    await action();
  } catch (error) {
    const said = error.message || "The admin key is needed.";
    const place = button.form?.querySelector(".error");
    if (place) place.textContent = said;
    else notice(said, true);
  } finally {
    button.disabled = false;
  }
}
