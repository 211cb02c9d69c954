// The files as they are on disk, with each mistake at its line.
import { h } from "/page/ask.js";

const WORDS = /(\{\{.*?\}\})|(\{%.*?%\})|(\{#.*?#\}|#.*$)|(<\/?[a-z]+|\/?>)/g;
const KINDS = ["value", "rule", "note", "tag"];

export function drawTabs(element, desk, choose) {
  element.replaceChildren(...desk.files.map((file, n) => {
    const count = desk.mistakes.filter((mistake) => mistake.file === file.name).length;
    const selected = file.name === desk.file;
    return h("button", {
      role: "tab", type: "button", "aria-controls": "text", "aria-selected": String(selected), tabindex: selected ? 0 : -1,
      onclick: () => choose(file.name), onkeydown: (event) => step(event, desk.files, n, choose),
    }, file.name, count ? h("span", { class: "count", "aria-label": `${count} to mend` }, String(count)) : null);
  }));
}

function step(event, files, n, choose) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by) choose(files[(n + by + files.length) % files.length].name);
}

export function drawMistakes(element, mistakes, go) {
  element.hidden = !mistakes.length;
  element.replaceChildren(...mistakes.map((mistake) => h("li", {},
    h("button", { type: "button", onclick: () => go(mistake) }, h("b", {}, `${mistake.file}${mistake.line ? `:${mistake.line}` : ""}`), ` ${mistake.what}`))));
}

export function drawFile(element, desk) {
  const file = desk.files.find((each) => each.name === desk.file);
  const scrolled = element.dataset.file === desk.file ? element.scrollTop : 0;
  const lines = (file?.text ?? "").replace(/\n$/, "").split("\n");
  element.replaceChildren(...lines.map((text, n) => {
    const wrong = desk.mistakes.filter((mistake) => mistake.file === desk.file && mistake.line === n + 1);
    return h("span", { class: wrong.length ? "line wrong" : "line" }, coloured(text.replace(/\r$/, ""), desk.file.endsWith(".xml")),
      wrong.map((mistake) => h("em", {}, mistake.what)));
  }));
  element.dataset.file = desk.file;
  element.setAttribute("aria-label", desk.file);
  element.scrollTop = scrolled;
  const first = desk.mistakes.find((mistake) => mistake.file === desk.file && mistake.line);
  if (first) showLine(element, first.line, "wrong");
}

export function showLine(element, number, kind = "shown") {
  const line = element.children[number - 1];
  if (!line) return;
  for (const each of element.querySelectorAll(".shown")) each.classList.remove("shown");
  line.classList.add(kind);
  line.scrollIntoView({ block: "center" });
}

function coloured(text, template) {
  const out = [];
  let done = 0;
  for (const match of text.matchAll(WORDS)) {
    const kind = match.slice(1).findIndex(Boolean);
    if (!template && kind === 3) continue;
    if (template && kind === 2 && !match[0].startsWith("{#")) continue;
    out.push(text.slice(done, match.index), h("span", { class: KINDS[kind] }, match[0]));
    done = match.index + match[0].length;
  }
  return [...out, text.slice(done)];
}
