// The bell: how many notices are new, and each leads to its record.

import * as api from "./api.js";
import { h, icon, Part } from "./dom.js";
import { time } from "./format.js";

export class Bell {
  constructor(element, go) {
    this.go = go;
    this.open = false;
    this.part = new Part(element, (data) => this.draw(data));
    // a click on the bell draws it anew: at the document its target would no longer lie in it
    element.addEventListener("click", (event) => event.stopPropagation());
    document.addEventListener("click", () => this.open && this.turn(false));
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.open) return;
      this.turn(false);
      element.querySelector("button").focus();
    });
  }

  show(notices) {
    this.notices = notices;
    this.part.show({ notices, open: this.open });
  }

  // what was new stays marked while the list is open
  async turn(open) {
    this.open = open;
    this.show(this.notices ?? []);
    if (!open) await api.markRead().catch(() => {});
    if (!open) this.show(this.notices.map((each) => ({ ...each, unread: false })));
  }

  draw({ notices, open }) {
    const unread = notices.filter((each) => each.unread).length;
    const label = unread ? `Notifications, ${unread} new` : "Notifications";
    const button = h("button", {
      type: "button", class: "bell", "aria-label": label, "aria-expanded": String(open), "aria-controls": "notices",
      "data-key": "bell", onclick: () => this.turn(!this.open),
    }, icon("bell"), unread ? h("span", { class: "count", "aria-hidden": "true" }, unread > 99 ? "99+" : unread) : null);
    return [button, open ? this.list(notices) : null];
  }

  list(notices) {
    const items = notices.map((each, n) => h("li", {},
      h("a", { href: `/lightning/r/Opportunity/${each.target}/view`, class: each.unread ? "notice unread" : "notice",
        "data-key": `notice ${notices.length - n}`, onclick: (event) => this.lead(event, each) },
      h("strong", {}, each.title), h("span", { class: "body" }, each.body), h("time", {}, time(each.at)))));
    return h("div", { id: "notices", class: "notices" },
      h("h2", {}, "Notifications"),
      items.length ? h("ul", {}, items) : h("p", { class: "empty" }, "Nothing has happened yet."));
  }

  lead(event, notice) {
    event.preventDefault();
    this.turn(false);
    if (notice.target.startsWith("006")) this.go(event.currentTarget.getAttribute("href"));
  }
}
