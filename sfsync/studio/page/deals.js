// The picker of the deal: samples, those that moved last, and a search by name. ARIA's combobox with a list.
import { ask, h } from "/page/ask.js";

const SAMPLES = { usual: "six products", long: "120 products", single: "one product, no contact", world: "names in many scripts" };

export function pickDeals(input, list, desk, changed) {
  let options = [];
  let active = -1;
  let name = "Sample: usual";
  let waiting;
  input.value = name;

  async function open(wanted) {
    const samples = desk.samples.filter((sample) => `sample: ${sample}`.includes(wanted.toLowerCase()))
      .map((sample) => ({ id: `sample:${sample}`, name: `Sample: ${sample}`, more: SAMPLES[sample] ?? "" }));
    const found = desk.org ? await ask("/deals", { q: wanted }) : [];
    const deals = found.map((deal) => ({ id: deal.id, name: deal.name, more: [deal.account, deal.stage].filter(Boolean).join(" · ") }));
    options = [...deals, ...samples];
    active = options.findIndex((option) => option.id === desk.deal);
    draw(deals.length, wanted);
  }

  function draw(deals, wanted) {
    const rows = options.map((option, n) => h("li", {
      role: "option", id: `deal-${n}`, "aria-selected": String(n === active), onmousedown: (event) => { event.preventDefault(); take(n); },
    }, option.name, h("small", {}, option.more)));
    const title = (text) => h("li", { class: "group", role: "presentation" }, text);
    list.replaceChildren(
      ...(deals ? [title(wanted ? "Found in the org" : "Moved last in the org"), ...rows.slice(0, deals)] : []),
      ...(rows.length > deals ? [title("Samples"), ...rows.slice(deals)] : []),
      ...(rows.length ? [] : [title("No deal of that name")]),
    );
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    mark();
  }

  function mark() {
    list.querySelectorAll('[role="option"]').forEach((row, n) => {
      row.setAttribute("aria-selected", String(n === active));
      if (n === active) row.scrollIntoView({ block: "nearest" });
    });
    if (active >= 0) input.setAttribute("aria-activedescendant", `deal-${active}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function close() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.value = name;
  }

  function take(n) {
    desk.deal = options[n].id;
    name = options[n].name;
    close();
    changed();
  }

  input.addEventListener("focus", () => { input.select(); open("").catch(() => {}); });
  input.addEventListener("blur", close);
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => open(input.value).catch(() => {}), 150);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) open("").catch(() => {});
      else if (options.length) { active = (active + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length; mark(); }
    } else if (event.key === "Enter" && active >= 0 && !list.hidden) take(active);
    else if (event.key === "Escape") close();
  });
}
