// Short ways to the page's nodes and to new ones; texts are never read as HTML.

export const byId = (id) => document.getElementById(id);

export function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

// `name` with children: texts or nodes; those that are null are left out.
export function holding(name, kind, ...children) {
  const made = element(name, undefined, kind);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function button(text, kind, pressed) {
  const made = element("button", text, kind);
  made.type = "button";
  made.addEventListener("click", () => pressed(made));
  return made;
}

export function link(text, href) {
  const made = holding("a", undefined, text);
  made.href = href;
  return made;
}

// A term and what is said of it, for a list of facts.
export function fact(term, said, kind) {
  return holding("div", kind, element("dt", term), holding("dd", undefined, said));
}

// What stands where there is nothing to say; a narrow page leaves it out.
export const nothing = () => element("span", "–", "nothing");

// A row whose first cell names it; cells are texts or nodes.
export function row(name, ...cells) {
  const head = holding("th", undefined, name);
  head.scope = "row";
  return holding("tr", undefined, head, ...cells.map((cell) => holding("td", undefined, cell)));
}

// Rows into a table's body. What has the focus is found again by its `data-id`.
export function fill(id, rows, nothing) {
  const body = byId(id);
  const focused = body.contains(document.activeElement) ? document.activeElement.dataset.id : null;
  if (!rows.length) {
    const cell = element("td", nothing, "empty");
    cell.colSpan = 12;
    rows = [holding("tr", undefined, cell)];
  }
  body.replaceChildren(...rows);
  if (focused) body.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
}

// Choices of a select, some of which are written otherwise than they are; the first stands for all
// of them. What was chosen stays chosen.
export function choices(select, all, names, chosen, written = new Map()) {
  const wanted = chosen && !names.includes(chosen) ? [...names, chosen] : names;
  const shown = [...select.options].slice(1).map((option) => option.value);
  if (wanted.join("\n") !== shown.join("\n") || !select.options.length) {
    select.replaceChildren(new Option(all, ""),
      ...wanted.map((name) => new Option(written.get(name) ?? name, name)));
  }
  select.value = chosen ?? "";
}
