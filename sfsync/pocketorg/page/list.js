// The list of opportunities: search, stages, and how each one's order form stands.

import * as api from "./api.js";
import { h, icon, Part, toast } from "./dom.js";
import { day, money } from "./format.js";
import { badge } from "./orderform.js";
import { fieldsOf, stages } from "./schema.js";

const MOST = 200;
const PAUSE = 200;
const FILTERS = [["open", "Open"], ["mine", "My opportunities"], ["all", "All"]];

// what one searched for is still there when one comes back
const kept = { search: "", filter: "open" };

export class ListView {
  async open() {
    [this.fields, this.stages] = await Promise.all([fieldsOf("Opportunity"), stages()]);
    this.table = new Part(h("div", { class: "table-box" }), (rows) => this.draw(rows));
    this.count = h("p", { class: "quiet", role: "status" });
    await this.refresh();
    const element = h("div", { class: "page" },
      h("div", { class: "heading" }, h("div", {}, h("h1", {}, "Opportunities"), this.count), this.tools()),
      h("div", { class: "card list" }, this.table.element));
    return { title: "Opportunities", element };
  }

  tools() {
    let timer;
    const again = () => this.refresh().catch((error) => toast(error.message));
    const later = (event) => {
      kept.search = event.target.value;
      clearTimeout(timer);
      timer = setTimeout(again, PAUSE);
    };
    const filter = (event) => { kept.filter = event.target.value; again(); };
    const options = [...FILTERS, ...this.stages.map((each) => [`stage ${each.ApiName}`, each.MasterLabel])];
    return h("div", { class: "tools", role: "search" },
      h("label", { class: "search" }, h("span", { class: "hidden" }, "Search opportunities"), icon("search"),
        h("input", { type: "search", id: "search", placeholder: "Search name or account", value: kept.search, oninput: later })),
      h("label", {}, h("span", { class: "hidden" }, "Show"), h("select", { id: "filter", onchange: filter },
        options.map(([value, label]) => h("option", { value, selected: value === kept.filter }, label)))));
  }

  async refresh() {
    const asked = this.asked = this.soql();
    const rows = await api.query(asked);
    // an answer to what one typed before comes too late
    if (asked !== this.asked) return;
    this.count.textContent = rows.length === MOST ? `The first ${MOST}` : `${rows.length} ${rows.length === 1 ? "item" : "items"}`;
    this.table.show(rows);
  }

  soql() {
    const columns = ["Id", "Name", "Account.Name", "StageName", "Amount", "CloseDate"];
    for (const name of ["Order_Form_Status__c", "CurrencyIsoCode"]) if (this.fields.has(name)) columns.push(name);
    const where = [];
    if (kept.search.trim()) {
      const pattern = api.like(kept.search.trim());
      where.push(`(Name LIKE ${pattern} OR Account.Name LIKE ${pattern})`);
    }
    if (kept.filter === "open") where.push("IsClosed = false");
    if (kept.filter === "mine") where.push(`OwnerId = ${api.quoted(api.current().user)}`);
    if (kept.filter.startsWith("stage ")) where.push(`StageName = ${api.quoted(kept.filter.slice(6))}`);
    const condition = where.length ? ` WHERE ${where.join(" AND ")}` : "";
    return `SELECT ${columns.join(", ")} FROM Opportunity${condition} ORDER BY Name LIMIT ${MOST}`;
  }

  draw(rows) {
    if (!rows.length) return h("p", { class: "empty" }, "No opportunity matches.");
    const withForm = this.fields.has("Order_Form_Status__c");
    return h("table", { class: "deals" },
      h("caption", { class: "hidden" }, "Opportunities"),
      h("thead", {}, h("tr", {}, ["Opportunity", "Account", "Stage"].map((label) => h("th", { scope: "col" }, label)),
        h("th", { scope: "col", class: "number" }, "Amount"), h("th", { scope: "col" }, "Close date"),
        withForm ? h("th", { scope: "col" }, "Order form") : null)),
      h("tbody", {}, rows.map((row) => this.row(row, withForm))));
  }

  row(row, withForm) {
    const address = `/lightning/r/Opportunity/${row.Id}/view`;
    return h("tr", {},
      h("th", { scope: "row" }, h("a", { href: address, "data-link": true, "data-key": row.Id }, row.Name)),
      h("td", { "data-label": "Account" }, row.Account?.Name ?? ""),
      h("td", { "data-label": "Stage" }, h("span", { class: "stage" }, row.StageName)),
      h("td", { "data-label": "Amount", class: "number" }, money(row.Amount, row.CurrencyIsoCode)),
      h("td", { "data-label": "Close date" }, day(row.CloseDate)),
      withForm ? h("td", { "data-label": "Order form" }, badge(row.Order_Form_Status__c)) : null);
  }
}
