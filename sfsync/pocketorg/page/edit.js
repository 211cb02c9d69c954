// Editing in place: a value with a pencil becomes a small form. Enter saves, Escape leaves all as it was.

import { ApiError } from "./api.js";
import { h, icon, Part } from "./dom.js";

let made = 0;

// A field of a record. `read(data)` gives { shown, controls }, where a control is { name, label, type, value, options };
// `save(values)` writes what was changed and throws what the org says against it; `saved()` reads the record again.
export class Field extends Part {
  constructor({ key, label, read, save, saved, compact = false, tag = "div" }) {
    super(h(tag, { class: compact ? "cell" : "field" }), (data) => this.display(data));
    Object.assign(this, { key, label, read, save, saved, compact });
  }

  display(data) {
    const { shown, controls } = this.read(data);
    const value = [shown].flat().filter((each) => each !== "");
    const text = h("div", { class: "value" }, value.length ? value.map((each) => h("span", {}, each)) : h("span", { class: "quiet" }, "–"));
    const label = this.compact ? null : h("div", { class: "label" }, this.label);
    if (!controls) return [label, text];
    text.append(h("button", {
      type: "button", class: "plain edit", "aria-label": `Edit ${this.label}`, "data-key": this.key, onclick: () => this.edit(controls),
    }, icon("pencil")));
    // the whole value takes a click, as it does in Salesforce by a double click
    text.addEventListener("dblclick", () => this.edit(controls));
    return [label, text];
  }

  edit(controls) {
    if (this.editing) return;
    this.begin();
    this.inputs = controls.map((control) => this.control(control, controls.length === 1));
    this.general = h("p", { class: "error", role: "alert", hidden: true });
    const form = h("form", { class: "edit-form", novalidate: true, "aria-label": `Edit ${this.label}` },
      this.inputs.map((each) => each.element), this.general,
      h("div", { class: "actions" },
        h("button", { type: "submit", class: "button small" }, "Save"),
        h("button", { type: "button", class: "button small second", onclick: () => this.leave() }, "Cancel")));
    form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(form); });
    form.addEventListener("keydown", (event) => this.typed(event, form));
    this.element.replaceChildren(form);
    this.inputs[0].input.focus();
    this.inputs[0].input.select?.();
  }

  control({ name, label, type = "text", value, options, wide }, alone) {
    const id = `control-${made += 1}`;
    const shared = { id, name, "aria-describedby": `${id}-error`, value: value ?? "" };
    let input;
    if (options) {
      input = h("select", { ...shared, value: null }, [["", "--None--"], ...options].map(([each, text]) =>
        h("option", { value: each, selected: each === (value ?? "") }, text)));
    } else if (type === "textarea") input = h("textarea", { ...shared, rows: 2 });
    else input = h("input", { ...shared, type: type === "number" ? "text" : type, inputmode: type === "number" ? "decimal" : null, autocomplete: "off" });
    const error = h("p", { class: "error", id: `${id}-error`, role: "alert", hidden: true });
    const element = h("div", { class: wide || alone ? "control wide" : "control" },
      h("label", { for: id, class: this.compact && alone ? "hidden" : "" }, label), input, error);
    return { name, type, input, error, element, before: input.value };
  }

  typed(event, form) {
    if (event.key === "Escape") {
      event.stopPropagation();
      this.leave();
    }
    if (event.key === "Enter" && event.ctrlKey) form.requestSubmit();
  }

  async submit(form) {
    const changed = this.inputs.filter((each) => each.input.value !== each.before);
    if (!changed.length) { this.leave(); return; }
    this.complain([]);
    form.inert = true;
    try {
      await this.save(Object.fromEntries(changed.map((each) => [each.name, valueOf(each)])));
      await this.saved();
      this.leave();
    } catch (error) {
      form.inert = false;
      this.complain(error instanceof ApiError ? error.errors : [{ message: "The pocket org did not answer." }]);
    }
  }

  // what the org says against a field stands at this field, anything else below them all
  complain(errors) {
    const named = (each) => this.inputs.find((input) => each.fields?.includes(input.name));
    for (const input of this.inputs) {
      const text = errors.filter((each) => named(each) === input).map((each) => each.message).join("\n");
      input.error.textContent = text;
      input.error.hidden = !text;
      input.input.toggleAttribute("aria-invalid", Boolean(text));
    }
    const rest = errors.filter((each) => !named(each)).map((each) => each.message).join("\n");
    this.general.textContent = rest;
    this.general.hidden = !rest;
    if (errors.length) (errors.map(named).find(Boolean) ?? this.inputs[0]).input.focus();
  }

  leave() {
    this.end();
    this.element.querySelector("[data-key]")?.focus();
  }
}

function valueOf({ type, input }) {
  const text = input.value.trim();
  if (text === "") return null;
  if (type !== "number") return text;
  const number = Number(text.replaceAll(",", ""));
  // what is no number goes to the org as it was typed, so that the org itself says what is wrong
  return Number.isNaN(number) ? text : number;
}
