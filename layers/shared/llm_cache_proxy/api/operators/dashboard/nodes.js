// Short ways to the page's nodes and to new ones; texts are never read as HTML.

export const byId = (id) => document.getElementById(id);

export function element(name, text, kind) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

// A row whose first cell names it; cells are texts or nodes.
export function row(name, ...cells) {
  const made = element("tr");
  const head = element("th");
  head.scope = "row";
  head.append(name);
  made.append(head);
  for (const cell of cells) {
    const filled = element("td");
    filled.append(cell);
    made.append(filled);
  }
  return made;
}

export function fill(id, rows, nothing) {
  if (!rows.length) {
    const cell = element("td", nothing, "empty");
    cell.colSpan = 9;
    rows = [element("tr")];
    rows[0].append(cell);
  }
  byId(id).replaceChildren(...rows);
}
