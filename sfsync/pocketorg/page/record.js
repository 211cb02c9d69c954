// One opportunity: where it stands, what it holds, and what lies among its files.

import * as api from "./api.js";
import { h, icon, Part, toast } from "./dom.js";
import { Field } from "./edit.js";
import { day, money, size, time } from "./format.js";
import * as orderForm from "./orderform.js";
import { Products } from "./products.js";
import { fieldsOf, options, stages } from "./schema.js";

const DEAL = ["Id", "Name", "AccountId", "Account.Name", "StageName", "IsClosed", "IsWon", "Amount", "Probability", "CloseDate",
  "NextStep", "Type", "Owner.Name", "Pricebook2Id", "Pricebook2.Name"];
const ADDRESS = [["BillingStreet", "Street", "textarea"], ["BillingCity", "City"], ["BillingState", "State/Province"],
  ["BillingPostalCode", "Zip/Postal code"], ["BillingCountry", "Country"]];
const LINE = ["Id", "Name", "ProductCode", "Product2.Name", "Quantity", "UnitPrice", "Discount", "TotalPrice"];
const LATEST = "ContentDocument.LatestPublishedVersion";
const FILE = ["ContentDocumentId", "ContentDocument.LatestPublishedVersionId",
  ...["Title", "FileExtension", "ContentSize", "VersionNumber", "ContentModifiedDate"].map((name) => `${LATEST}.${name}`)];

const currency = (row) => row.CurrencyIsoCode ?? undefined;

export class RecordView {
  constructor(id) { this.id = id; }

  async open() {
    const forms = fieldsOf("Order_Form__c").catch(() => new Map());
    [this.fields, this.stages, this.forms] = await Promise.all([fieldsOf("Opportunity"), stages(), forms]);
    const refresh = () => this.refresh();
    this.head = new Part(h("div", { class: "record-head" }), drawHead);
    this.path = new Part(h("nav", { "aria-label": "Path" }), (data) => this.drawPath(data));
    this.banner = new Part(h("div"), ({ deal, files }) => orderForm.banner(deal, files[0] ? openLink(files[0]) : null));
    this.files = new Part(h("section", { class: "card", "aria-labelledby": "files" }), drawFiles);
    this.products = new Products({ saved: refresh, currency });
    this.details = this.editables(refresh);
    await this.refresh();
    return { title: this.deal.Name, element: this.layout() };
  }

  layout() {
    const hasForm = this.fields.has("Order_Form_Status__c");
    return h("div", { class: "page" },
      h("a", { class: "back", href: "/", "data-link": true }, icon("back"), "Opportunities"),
      h("section", { class: "card record", "aria-label": "Opportunity" }, this.head.element, this.path.element),
      hasForm ? this.banner.element : null,
      h("div", { class: "columns" },
        h("div", { class: "column" }, this.products.element),
        h("div", { class: "column" }, this.files.element,
          h("section", { class: "card", "aria-labelledby": "details" },
            h("div", { class: "card-head" }, h("h2", { id: "details" }, "Details")),
            h("div", { class: "fields" }, this.details.map((each) => each.element))))));
  }

  entered() { this.path.element.querySelector("[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" }); }

  // ------------------------------------------------------------------ reading

  refresh() {
    this.turn = (this.turn ?? 0) + 1;
    this.latest = this.read(this.turn);
    return this.latest;
  }

  async read(turn) {
    const more = [...orderForm.FIELDS, "CurrencyIsoCode"].filter((name) => this.fields.has(name));
    const iso = this.fields.has("CurrencyIsoCode") ? ["CurrencyIsoCode"] : [];
    const id = api.quoted(this.id);
    const address = ADDRESS.map(([name]) => `Account.${name}`);
    const found = await api.queries({
      deals: `SELECT ${[...DEAL, ...address, ...more].join(", ")} FROM Opportunity WHERE Id = ${id}`,
      lines: `SELECT ${[...LINE, ...iso].join(", ")} FROM OpportunityLineItem WHERE OpportunityId = ${id} ORDER BY SortOrder NULLS LAST, CreatedDate, Id`,
      files: `SELECT ${FILE.join(", ")} FROM ContentDocumentLink WHERE LinkedEntityId = ${id}`,
      ...(orderForm.answerable(this.forms) ? { forms: orderForm.latest(id) } : {}),
    });
    // an answer from before the latest question would bring back what was there before an edit
    if (turn !== this.turn) { await this.latest; return; }
    if (!found.deals.length) throw new api.Gone("This opportunity does not exist, or you may not see it.");
    this.show({ ...found.deals[0], form: found.forms?.[0] ?? null }, found.lines, found.files.map(fileOf).sort((a, b) => b.at.localeCompare(a.at)));
  }

  show(deal, lines, files) {
    this.deal = deal;
    this.head.show(deal);
    this.path.show({ now: deal.StageName });
    this.banner.show({ deal, files });
    this.files.show(files);
    this.products.show(lines, deal);
    this.details.forEach((each) => each.show(deal));
  }

  // ------------------------------------------------------------------- stages

  drawPath({ now }) {
    const at = this.stages.findIndex((each) => each.ApiName === now);
    return h("ol", { class: "path", "data-scroll": true }, this.stages.map((stage, n) => {
      const won = this.stages[at]?.IsWon, lost = this.stages[at]?.IsClosed && !won;
      const kind = n === at ? `now${won ? " won" : lost ? " lost" : ""}` : n < at && !stage.IsClosed && !lost ? "done" : "";
      return h("li", { class: kind }, h("button", {
        type: "button", "data-key": stage.ApiName, "data-stage": stage.ApiName, "aria-current": n === at ? "step" : null,
        title: n === at ? `${stage.MasterLabel}, the current stage` : `Move to ${stage.MasterLabel}`,
        onclick: (event) => n !== at && this.move(stage, event.currentTarget),
      }, broken(stage.MasterLabel), kind === "done" ? h("span", { class: "hidden" }, ", passed") : null));
    }));
  }

  async move(stage, button) {
    button.parentElement.classList.add("moving");
    try {
      await api.update("Opportunity", this.id, { StageName: stage.ApiName });
      await this.refresh();
    } catch (error) {
      button.parentElement.classList.remove("moving");
      toast(error.message);
    }
  }

  // ------------------------------------------------------------------ details

  editables(saved) {
    const save = (values) => api.update("Opportunity", this.id, values);
    const plain = (name, label, type, shown = (value) => value ?? "") => new Field({
      key: name, label, saved, save,
      read: (deal) => ({ shown: shown(deal[name]), controls: [{ name, label, type, value: deal[name] }] }),
    });
    const choices = options(this.fields.get("Type"));
    return [
      ...(orderForm.answerable(this.forms) ? [orderForm.answer(this.forms, saved)] : []),
      plain("Name", "Opportunity name"),
      plain("CloseDate", "Close date", "date", day),
      plain("NextStep", "Next step"),
      new Field({ key: "Type", label: "Type", saved, save,
        read: (deal) => ({ shown: deal.Type ?? "", controls: [{ name: "Type", label: "Type", value: deal.Type, options: choices }] }) }),
      new Field({ key: "Account", label: "Account", read: (deal) => ({ shown: deal.Account?.Name ?? "" }) }),
      new Field({ key: "BillingAddress", label: "Billing address", saved,
        read: (deal) => ({ shown: postal(deal.Account), controls: deal.AccountId ? addressControls(deal.Account) : null }),
        save: (values) => api.update("Account", this.deal.AccountId, values) }),
      new Field({ key: "Pricebook", label: "Price book", read: (deal) => ({ shown: deal.Pricebook2?.Name ?? "" }) }),
    ];
  }
}

function addressControls(account) {
  return ADDRESS.map(([name, label, type]) => ({ name, label, type, value: account?.[name], wide: name === "BillingStreet" }));
}

// a street may have several lines; city, state and code share one
function postal(account) {
  if (!account) return "";
  const { BillingStreet: street, BillingCity: city, BillingState: state, BillingPostalCode: code, BillingCountry: country } = account;
  const place = [[city, state].filter(Boolean).join(", "), code].filter(Boolean).join(" ");
  return [...(street ?? "").split("\n"), place, country ?? ""].filter(Boolean);
}

// a long label may break after its slash
function broken(label) {
  const [first, ...rest] = label.split("/");
  return h("span", {}, first, rest.map((part) => ["/", h("wbr"), part]));
}

function drawHead(deal) {
  const fact = (label, value) => h("div", { class: "fact" }, h("dt", {}, label), h("dd", {}, value || "–"));
  return [
    h("p", { class: "kind" }, "Opportunity"),
    h("h1", {}, deal.Name),
    h("dl", { class: "facts" },
      fact("Account", deal.Account?.Name), fact("Amount", money(deal.Amount, currency(deal))), fact("Close date", day(deal.CloseDate)),
      fact("Probability", deal.Probability === null ? "" : `${deal.Probability} %`), fact("Owner", deal.Owner?.Name)),
  ];
}

// -------------------------------------------------------------------- files

function fileOf(link) {
  const latest = link.ContentDocument.LatestPublishedVersion;
  return {
    id: link.ContentDocumentId, version: link.ContentDocument.LatestPublishedVersionId, number: latest.VersionNumber,
    name: latest.FileExtension ? `${latest.Title}.${latest.FileExtension}` : latest.Title, size: latest.ContentSize, at: latest.ContentModifiedDate,
  };
}

const address = (file) => `/page/files/${api.current().user}/${file.version}/${encodeURIComponent(file.name)}`;

const openLink = (file) =>
  h("a", { class: "button", href: address(file), target: "_blank", rel: "noopener", "data-key": "open" }, icon("file"), "Open PDF");

function drawFiles(files) {
  return [
    h("div", { class: "card-head" }, h("h2", { id: "files" }, `Files (${files.length})`)),
    files.length ? h("ul", { class: "files" }, files.map((file) => h("li", { "data-file": file.id, "data-version": file.number },
      h("a", { href: address(file), target: "_blank", rel: "noopener", "data-key": file.id },
        h("span", { class: "file-icon" }, icon("file")),
        h("span", { class: "file-words" }, h("span", { class: "file-name" }, file.name),
          h("span", { class: "quiet" }, `Version ${file.number} · ${size(file.size)} · ${time(file.at)}`))))))
      : h("p", { class: "empty" }, "No files yet."),
  ];
}
