// Requests with the key that stands in the page's address, and elements without a library: text is always set as text.

const key = location.hash.slice(1);

async function fetched(path, query = {}) {
  const answer = await fetch(`${path}?${new URLSearchParams(query)}`, { headers: { "X-Studio-Key": key } })
    .catch(() => { throw new Error("The studio has ended. Start it again: sfsync studio"); });
  if (answer.ok) return answer;
  const text = await answer.text();
  let said = text;
  try { said = JSON.parse(text).error ?? text; } catch { /* plain text */ }
  throw new Error(said);
}

export async function ask(path, query) {
  return (await fetched(path, query)).json();
}

// A page of the form as a picture, or with page 0 the PDF itself, as an address that only this page can open.
export async function picture(page, number) {
  const answer = page ? await fetched(`/form/${page}.png`, { number }) : await fetched("/form.pdf");
  return URL.createObjectURL(await answer.blob());
}

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

let fading;
export function toast(text) {
  const note = document.getElementById("toast");
  note.textContent = text;
  note.classList.add("on");
  clearTimeout(fading);
  fading = setTimeout(() => note.classList.remove("on"), 2200);
}
