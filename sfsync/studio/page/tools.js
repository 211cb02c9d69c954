// Below the files: a search over fields, and why the form is as it is.
import { h } from "/page/ask.js";

export const tabs = {
  listen() {
    for (const id of ["show-fields", "show-why"]) {
      const tab = document.getElementById(id);
      tab.addEventListener("click", () => this.select(id));
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
        this.select(id === "show-fields" ? "show-why" : "show-fields");
        document.querySelector('.choices [aria-selected="true"]').focus();
      });
    }
  },
  select(id) {
    for (const tab of document.querySelectorAll('.choices [role="tab"]')) {
      const selected = tab.id === id;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !selected;
    }
  },
};

export function drawFields(element, fields, copy) {
  element.replaceChildren(...(fields.length ? fields.map((field) => h("button", {
    type: "button", title: `Copy {{ ${field.path} }}`, onclick: () => copy(field.path),
  }, h("code", {}, field.path), h("span", {}, field.label), h("small", {}, field.type))) : [h("p", { class: "plain" }, "No such field.")]));
}

export function drawWhy(element, told, go) {
  element.replaceChildren(
    ...rules("Which form", told.forms), ...rules("Which terms", told.terms),
    h("h2", {}, "What is in, and what is out"),
    table(told.branches.map((b) => [`${b.shown} in, ${b.skipped} out`, [b.condition, h("br"), h("small", {}, seen(b.values))], place(b.where, go)])),
    h("h2", {}, "Fields read"),
    table(told.fields.map((f) => [h("code", {}, f.path), f.value, place(f.where, go)])),
    h("h2", {}, "What the next pass would write"),
    table(Object.entries(told.writes)),
  );
}

function rules(title, found) {
  if (!found.length) return [];
  return [h("h2", {}, title), table(found.map((rule) => [`${rule.chosen ? "✓" : "–"} ${rule.name}`, rule.why]))];
}

function table(rows) {
  return h("table", {}, h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", {}, cell))))));
}

const seen = (values) => Object.entries(values).map(([name, found]) => `${name}: ${found.join(" or ")}`).join("; ");

function place(where, go) {
  const match = /^(.+?):(\d+)/.exec(where);
  return match ? h("a", { href: "#text", onclick: (event) => { event.preventDefault(); go(match[1], Number(match[2])); } }, where) : where;
}
