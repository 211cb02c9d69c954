// The fields in which an order form says how it stands. An org without them has nothing to show.

import * as api from "./api.js";
import { h, icon } from "./dom.js";
import { Field } from "./edit.js";
import { seconds, time } from "./format.js";
import { options } from "./schema.js";

export const FIELDS = ["Status", "Message", "Version", "Requested_At", "Ready_At"].map((name) => `Order_Form_${name}__c`);

const KINDS = { Ready: "good", "Needs information": "wanting", Failed: "bad" };
const ICONS = { good: "check", wanting: "alert", bad: "cross", none: "clock" };

export const kindOf = (status) => KINDS[status] ?? "none";

export const badge = (status) => (status ? h("span", { class: `badge ${kindOf(status)}` }, status) : h("span", { class: "quiet" }, "–"));

// a form that is there, and where to open it; what is missing, line by line; or what went wrong
export function banner(deal, link) {
  const status = deal.Order_Form_Status__c;
  const kind = kindOf(status);
  return h("section", { class: `card banner ${kind}`, "aria-labelledby": "order-form", role: "status" },
    h("span", { class: "mark" }, icon(ICONS[kind])),
    h("div", { class: "words" },
      h("h2", { id: "order-form" }, "Order form ", h("span", { class: "state", "data-key": "status" }, status ?? "None yet")),
      words(deal, status)),
    status === "Ready" && link ? link : null);
}

function words(deal, status) {
  const said = lines(deal.Order_Form_Message__c);
  const message = said.length > 1 || status === "Needs information"
    ? h("ul", {}, said.map((line) => h("li", {}, line)))
    : said.map((line) => h("p", {}, line));
  return [message, status === "Ready" ? h("p", {}, ready(deal)) : null,
    status ? null : h("p", {}, "It comes by itself when the opportunity reaches the stage that asks for it.")];
}

const lines = (text) => (text ?? "").split("\n").map((line) => line.replace(/^\s*[•*-]\s*/, "").trim()).filter(Boolean);

function ready(deal) {
  const [from, until] = [deal.Order_Form_Requested_At__c, deal.Order_Form_Ready_At__c];
  const parts = [`Version ${deal.Order_Form_Version__c ?? "?"}`];
  if (until) parts.push(time(until));
  if (from && until) parts.push(`${seconds(from, until)} s after it was asked for`);
  return parts.join(" · ");
}

// The latest row of a deal, where the org lets this user say whether that form was right.
export const answerable = (fields) => fields.get("Was_It_Right__c")?.updateable ?? false;

export const latest = (id) =>
  `SELECT Id, Was_It_Right__c, What_Was_Wrong__c FROM Order_Form__c WHERE Opportunity__c = ${id} ORDER BY Version__c DESC LIMIT 1`;

export function answer(fields, saved) {
  let row = null;
  return new Field({
    key: "WasItRight", label: "Was the order form right?", saved,
    save: (values) => api.update("Order_Form__c", row.Id, values),
    read: ({ form }) => {
      row = form;
      const [right, wrong] = [row?.Was_It_Right__c ?? "", row?.What_Was_Wrong__c ?? ""];
      return { shown: [right, ...wrong.split("\n")], controls: row && [
        { name: "Was_It_Right__c", label: "Was it right?", value: right, options: options(fields.get("Was_It_Right__c")) },
        { name: "What_Was_Wrong__c", label: "What was wrong?", value: wrong, type: "textarea", wide: true },
      ] };
    },
  });
}
