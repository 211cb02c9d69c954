// The fields in which an order form says how it stands. An org without them has nothing to show.

import { h, icon } from "./dom.js";
import { seconds, time } from "./format.js";

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
