// The products of an opportunity: quantity and price can be edited, lines come from its price book.

import * as api from "./api.js";
import { h, icon, toast } from "./dom.js";
import { Field } from "./edit.js";
import { money, number } from "./format.js";

export class Products {
  constructor({ saved, currency }) {
    this.saved = saved;
    this.currency = currency;
    this.rows = new Map();
    this.body = h("tbody");
    this.total = h("td", { class: "number total", "data-label": "Amount" });
    this.empty = h("p", { class: "empty" }, "No products yet.");
    this.table = h("table", { class: "products" },
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Product"),
        ["Quantity", "Sales price", "Discount", "Total"].map((label) => h("th", { scope: "col", class: "number" }, label)),
        h("th", { scope: "col" }, h("span", { class: "hidden" }, "Remove")))),
      this.body,
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row", colspan: 4 }, "Amount"), this.total, h("td"))));
    this.adding = h("div");
    this.title = h("h2", { id: "products" }, "Products");
    this.add = h("button", { type: "button", class: "button small second", id: "add-product", onclick: () => this.openForm().catch((error) => toast(error.message)) }, icon("plus"), "Add product");
    this.element = h("section", { class: "card", "aria-labelledby": "products" },
      h("div", { class: "card-head" }, this.title, this.add), this.adding, this.empty, h("div", { class: "table-box" }, this.table));
  }

  show(lines, deal) {
    this.deal = deal;
    this.title.textContent = `Products (${lines.length})`;
    this.empty.hidden = lines.length > 0;
    this.table.hidden = !lines.length;
    this.total.textContent = money(deal.Amount, this.currency(deal));
    for (const [id, row] of this.rows) {
      if (lines.some((line) => line.Id === id)) continue;
      row.element.remove();
      this.rows.delete(id);
    }
    for (const [n, line] of lines.entries()) {
      if (!this.rows.has(line.Id)) this.rows.set(line.Id, this.row(line));
      const row = this.rows.get(line.Id);
      // a row that is where it belongs is left alone: moving it would take the focus
      if (this.body.children[n] !== row.element) this.body.insertBefore(row.element, this.body.children[n] ?? null);
      row.show(line);
    }
  }

  row(line) {
    const name = line.Product2?.Name ?? line.Name;
    const cell = (label, key, shown, type = "number") => new Field({
      tag: "td", compact: true, key: `${key} ${line.Id}`, label: `${label} of ${name}`, saved: this.saved,
      read: (now) => ({ shown: shown(now), controls: [{ name: key, label, type, value: String(now[key] ?? "") }] }),
      save: (values) => api.update("OpportunityLineItem", line.Id, values),
    });
    const fields = [
      cell("Quantity", "Quantity", (now) => number(now.Quantity)),
      cell("Sales price", "UnitPrice", (now) => money(now.UnitPrice, this.currency(now))),
      cell("Discount", "Discount", (now) => (now.Discount ? `${number(now.Discount)} %` : "")),
    ];
    fields.forEach((field, n) => {
      field.element.classList.add("number");
      field.element.dataset.label = ["Quantity", "Sales price", "Discount"][n];
    });
    const total = h("td", { class: "number", "data-label": "Total" });
    const code = h("span", { class: "quiet" });
    const element = h("tr", { "data-line": line.Id }, h("th", { scope: "row" }, h("span", {}, name), code),
      fields.map((each) => each.element), total, h("td", { class: "end" }, this.remover(line.Id, name)));
    const show = (now) => {
      fields.forEach((each) => each.show(now));
      code.textContent = now.ProductCode ?? "";
      total.textContent = money(now.TotalPrice, this.currency(now));
    };
    return { element, show };
  }

  // asks once more, in its own place
  remover(id, name) {
    const button = h("button", { type: "button", class: "plain remove", "aria-label": `Remove ${name}` }, icon("bin"));
    let sure = false;
    const ask = (on) => {
      sure = on;
      button.classList.toggle("sure", on);
      button.setAttribute("aria-label", on ? `Really remove ${name}?` : `Remove ${name}`);
      button.replaceChildren(on ? "Remove?" : icon("bin"));
    };
    button.addEventListener("blur", () => ask(false));
    button.addEventListener("keydown", (event) => event.key === "Escape" && ask(false));
    button.addEventListener("click", async () => {
      if (!sure) { ask(true); button.focus(); return; }
      try {
        await api.remove("OpportunityLineItem", id);
        await this.saved();
        this.add.focus();
      } catch (error) { toast(error.message); }
    });
    return button;
  }

  // ------------------------------------------------------------- a new line

  async openForm() {
    if (this.adding.firstChild) return;
    const book = this.deal.Pricebook2Id ?? (await api.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true"))[0]?.Id;
    const entries = await api.query("SELECT Id, UnitPrice, Product2.Name, ProductCode FROM PricebookEntry"
      + ` WHERE IsActive = true AND Pricebook2Id = ${api.quoted(book ?? "")} ORDER BY Product2.Name`);
    const named = (id, label, input) => h("div", { class: "control" }, h("label", { for: id }, label), input);
    const product = h("select", { id: "new-product" }, entries.map((each) =>
      h("option", { value: each.Id }, `${each.Product2.Name} · ${money(each.UnitPrice, this.currency(each))}`)));
    const quantity = h("input", { id: "new-quantity", inputmode: "decimal", value: "1", autocomplete: "off" });
    const price = h("input", { id: "new-price", inputmode: "decimal", autocomplete: "off", value: String(entries[0]?.UnitPrice ?? "") });
    product.addEventListener("change", () => { price.value = entries[product.selectedIndex].UnitPrice; });
    const error = h("p", { class: "error", role: "alert", hidden: true });
    const form = h("form", { class: "new-line", novalidate: true, "aria-label": "Add product" },
      named("new-product", "Product", product), named("new-quantity", "Quantity", quantity), named("new-price", "Sales price", price),
      h("div", { class: "actions" }, h("button", { type: "submit", class: "button small" }, "Add"),
        h("button", { type: "button", class: "button small second", onclick: () => this.close() }, "Cancel")), error);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.create(book, { PricebookEntryId: product.value, Quantity: numeric(quantity.value), UnitPrice: numeric(price.value) }, error);
    });
    form.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    this.adding.replaceChildren(form);
    product.focus();
  }

  async create(book, values, error) {
    error.hidden = true;
    try {
      // lines need a price book; Salesforce's own page asks for it first
      if (!this.deal.Pricebook2Id) await api.update("Opportunity", this.deal.Id, { Pricebook2Id: book });
      await api.create("OpportunityLineItem", { OpportunityId: this.deal.Id, ...values });
      await this.saved();
      this.close();
    } catch (refused) {
      error.textContent = refused.message;
      error.hidden = false;
    }
  }

  close() {
    this.adding.replaceChildren();
    this.add.focus();
  }
}

const numeric = (text) => {
  const value = Number(text.replaceAll(",", ""));
  return text.trim() === "" ? null : Number.isNaN(value) ? text : value;
};
