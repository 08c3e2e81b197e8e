// Asks this page's own server, with the admin key where one was given.
// The key stays in this tab's session storage.

const PATIENCE_MS = 10000;
const KEY = "llm-cache-proxy-admin-key";
// Beside the page's folder, two above this one, so that a stage's path before it is kept.
const ROOT = new URL("../../..", import.meta.url);

// The server wants the admin key; `given` where it refused one.
export class KeyWanted extends Error {
  constructor(given) {
    super(given ? "This key is wrong." : "");
    this.given = given;
  }
}

// The server's own words for why it did not do what was asked.
export class Refused extends Error {
  constructor(message, code, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const key = {
  isGiven: () => sessionStorage.getItem(KEY) !== null,
  keep: (given) => sessionStorage.setItem(KEY, given),
  forget: () => sessionStorage.removeItem(KEY),
};

async function ask(path, options) {
  const given = sessionStorage.getItem(KEY);
  const headers = { ...options.headers, ...(given === null ? {} : { "x-admin-key": given }) };
  let response, body;
  try {
    response = await fetch(path, {
      ...options, headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS),
    });
    body = await response.json();
  } catch {
    throw new Error("The server does not answer.");
  }
  if (response.ok) return body;
  if (response.status === 401) throw new KeyWanted(given !== null);
  const said = body.error?.message ?? `The server answers with status ${response.status}.`;
  throw new Refused(said, body.error?.code, response.status);
}

// Fields without a value are left out.
export function get(path, fields = {}) {
  const address = new URL(path, ROOT);
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null && value !== undefined && value !== "") address.searchParams.set(name, value);
  }
  return ask(address, {});
}

export function post(path, fields) {
  return ask(new URL(path, ROOT), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
}
