// The same REST API that every other client speaks, with a session that this server gives to its own page.

export class ApiError extends Error {
  constructor(status, errors) {
    super(errors.map((each) => each.message).join("\n"));
    this.status = status;
    this.errors = errors;
  }
}

// The record is not there, or not there any more.
export class Gone extends Error {}

const KEPT = "username";
let session = null;

export const current = () => session;
// chosen in each tab by itself, so that two tabs can be two people
const chosen = () => { try { return sessionStorage.getItem(KEPT); } catch { return null; } };

export async function logIn(username = chosen()) {
  const answer = await fetch("/page/session", { method: "POST", body: JSON.stringify({ username }) });
  if (!answer.ok) throw new ApiError(answer.status, [{ message: await answer.text() }]);
  session = await answer.json();
  session.username = session.users.find((each) => each.Id === session.user).Username;
  try { sessionStorage.setItem(KEPT, session.username); } catch { /* private window: the choice is not kept */ }
  return session;
}

async function send(method, path, body) {
  const ask = () => fetch(path, {
    method,
    headers: { Authorization: `Bearer ${session.token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  let answer = await ask();
  if (answer.status === 401) {
    await logIn();
    answer = await ask();
  }
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  throw new ApiError(answer.status, problems(text, answer.status));
}

function problems(text, status) {
  try {
    const said = JSON.parse(text);
    return Array.isArray(said) ? said : [said];
  } catch {
    return [{ message: `The org answered with an error (${status}).` }];
  }
}

const data = (path) => `/services/data/v${session.version}/${path}`;

export const notices = () => send("GET", "/page/notices");
export const markRead = () => send("POST", "/page/notices/read");
export const update = (sobject, id, values) => send("PATCH", data(`sobjects/${sobject}/${id}`), values);
export const create = (sobject, values) => send("POST", data(`sobjects/${sobject}`), values);
export const remove = (sobject, id) => send("DELETE", data(`sobjects/${sobject}/${id}`));
export const describe = (sobject) => send("GET", data(`sobjects/${sobject}/describe`));

export async function query(soql) {
  return (await send("GET", data(`query?q=${encodeURIComponent(soql)}`))).records;
}

// Several queries in one request. Gives their records by name; a query that is refused throws.
export async function queries(named) {
  const names = Object.keys(named);
  const body = {
    compositeRequest: names.map((name) => ({
      method: "GET", referenceId: name, url: data(`query?q=${encodeURIComponent(named[name])}`),
    })),
  };
  const answer = await send("POST", data("composite"), body);
  return Object.fromEntries(answer.compositeResponse.map((each) => {
    if (each.httpStatusCode >= 400) throw new ApiError(each.httpStatusCode, each.body);
    return [each.referenceId, each.body.records];
  }));
}

const escaped = (text) => text.replace(/[\\']/g, "\\$&");
export const quoted = (text) => `'${escaped(text)}'`;
// in a LIKE pattern, what was typed stands for itself
export const like = (text) => `'%${escaped(text).replace(/[%_]/g, "\\$&")}%'`;
