// Elements without a library: text is always set as text, so nothing in the org can become markup.

export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SHAPES = {
  pencil: "M4 20l1-4L16 5l3 3L8 19z",
  check: "M5 13l4.5 4.5L19 7",
  cross: "M6 6l12 12M18 6L6 18",
  bell: "M12 4a5 5 0 0 1 5 5v4l2 3H5l2-3V9a5 5 0 0 1 5-5zM10 19a2 2 0 0 0 4 0",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  plus: "M12 5v14M5 12h14",
  bin: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  search: "M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15.5 15.5L20 20",
  alert: "M12 4l9 16H3zM12 10v4M12 17v.5",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  back: "M14 6l-6 6 6 6",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"]]) svg.setAttribute(key, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

// A part of the page that is drawn anew only when what it shows has changed. While somebody edits in it, it waits;
// the focus stays on the element with the same data-key.
export class Part {
  constructor(element, draw) {
    this.element = element;
    this.draw = draw;
    this.shown = undefined;
    this.editing = 0;
  }

  show(data) {
    this.data = data;
    const text = JSON.stringify(data);
    if (this.editing || text === this.shown) return;
    this.shown = text;
    this.redraw();
  }

  redraw() {
    const held = this.element.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    const scrolled = [...this.element.querySelectorAll("[data-scroll]")].map((each) => each.scrollLeft);
    this.element.replaceChildren(...[this.draw(this.data, this)].flat().filter(Boolean));
    this.element.querySelectorAll("[data-scroll]").forEach((each, n) => { each.scrollLeft = scrolled[n] ?? 0; });
    if (held) this.element.querySelector(`[data-key="${CSS.escape(held)}"]`)?.focus();
  }

  begin() { this.editing += 1; }

  // ends an edit; what has arrived meanwhile is shown now
  end() {
    this.editing = Math.max(0, this.editing - 1);
    if (!this.editing) this.shown = JSON.stringify(this.data);
    if (!this.editing) this.redraw();
  }
}

export function toast(text, kind = "bad") {
  const note = h("div", { class: `toast ${kind}` }, text,
    h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => note.remove() }, icon("cross")));
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}
