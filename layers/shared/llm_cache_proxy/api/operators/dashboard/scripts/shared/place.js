// Where the reader is: the page and its filters. All of it stands in the URL, so that a reload,
// the back button and a link to somebody else show the same.

const KEPT_BETWEEN_PAGES = ["range", "since", "until", "tenant", "model", "key"];

export function value(name) {
  return new URLSearchParams(location.search).get(name);
}

// The address with some values changed; null and "" take one out.
export function address(changes) {
  const values = new URLSearchParams(location.search);
  for (const [name, changed] of Object.entries(changes)) {
    if (changed === null || changed === "" || changed === undefined) values.delete(name);
    else values.set(name, changed);
  }
  return `?${values}`;
}

// The address of another page, with the filters that pages share; null takes one out.
export function pageAddress(page, more = {}) {
  const values = new URLSearchParams({ page });
  for (const name of KEPT_BETWEEN_PAGES) if (value(name)) values.set(name, value(name));
  for (const [name, given] of Object.entries(more)) {
    if (given === null) values.delete(name);
    else values.set(name, given);
  }
  return `?${values}`;
}

// Go there; whoever shows pages hears of it as of a step back in the history.
export function go(to) {
  if (to === location.search) return;
  history.pushState(null, "", to);
  dispatchEvent(new PopStateEvent("popstate"));
}

// Links within the page need no new load.
document.addEventListener("click", (event) => {
  const to = event.target.closest?.("a")?.getAttribute("href");
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
  if (plain && to?.startsWith("?")) {
    event.preventDefault();
    go(to);
  }
});
