// The studio: files and their mistakes on the left, the form on the right, made anew at each save.
import { pickDeals } from "/page/deals.js";
import { ask, picture, toast, h } from "/page/ask.js";
import { drawFile, drawTabs, drawMistakes, showLine } from "/page/files.js";
import { drawFields, drawWhy, tabs } from "/page/tools.js";

const at = (id) => document.getElementById(id);
const desk = { stamp: "", files: [], mistakes: [], file: "", deal: "sample:usual", form: "" };
let asked = 0;

async function follow() {
  for (;;) {
    try {
      const state = await ask("/state", { since: desk.stamp });
      at("status").classList.remove("bad");
      if (state.files) await renewed(state);
    } catch (error) {
      said(error.message, true);
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
  }
}

async function renewed(state) {
  Object.assign(desk, state);
  const known = desk.files.map((file) => file.name);
  const wrong = desk.mistakes.find((mistake) => known.includes(mistake.file));
  if (wrong || !known.includes(desk.file)) desk.file = wrong ? wrong.file : known.find((name) => name.endsWith("order_form.xml")) ?? known[0];
  at("form").replaceChildren(h("option", { value: "" }, "chosen by the rules"), ...desk.forms.map((name) => h("option", { value: name }, name)));
  at("form").value = desk.forms.includes(desk.form) ? desk.form : "";
  drawFiles();
  await make();
  await searchFields();
}

function drawFiles() {
  drawTabs(at("tabs"), desk, choose);
  drawMistakes(at("mistakes"), desk.mistakes, (mistake) => goTo(mistake.file, mistake.line));
  drawFile(at("text"), desk);
}

function choose(name) {
  desk.file = name;
  drawFiles();
  document.querySelector('#tabs [aria-selected="true"]')?.focus();
}

function goTo(file, line) {
  if (!desk.files.some((each) => each.name === file)) return;
  desk.file = file;
  drawFiles();
  showLine(at("text"), line);
}

async function make() {
  const mine = ++asked;
  at("pages").classList.add("old");
  said("Making the form …");
  const made = await ask("/form", { deal: desk.deal, form: desk.form });
  if (mine !== asked) return;
  const notes = made.error ? [h("p", { class: "said bad", role: "alert" }, made.error)] : [];
  if (made.gaps?.length) notes.push(h("p", { class: "said warn" }, `It would not be made, since the record says:\n${made.gaps.join("\n")}`));
  if (made.missing) notes.push(h("p", { class: "said warn" }, `No font has ${made.missing}; the form shows boxes.`));
  const pages = made.error ? [] : await Promise.all([...Array(made.pages).keys()].map((n) => picture(n + 1, made.number)));
  if (mine !== asked) return;
  shown(notes, pages, made);
}

function shown(notes, pages, made) {
  const room = at("pages");
  const scrolled = room.scrollTop;
  // where it cannot be made, the last form stays in sight, paler
  const images = made.error ? [...room.querySelectorAll("img")] : pages.map((url, n) =>
    h("img", { src: url, alt: `Page ${n + 1} of ${pages.length}`, onload: (event) => URL.revokeObjectURL(event.target.src) }));
  room.replaceChildren(...notes, ...images);
  room.classList.toggle("old", Boolean(made.error));
  room.scrollTop = scrolled;
  at("open").hidden = Boolean(made.error);
  if (made.explained) drawWhy(at("why"), made.explained, goTo);
  const count = desk.mistakes.length;
  if (made.error) said(count ? `${count} to mend` : "It cannot be made", true);
  else said(`${made.form}: ${made.pages} ${made.pages === 1 ? "page" : "pages"}, made in ${made.seconds} s`);
}

function said(text, bad = false) {
  at("status").textContent = text;
  at("status").classList.toggle("bad", bad);
}

let waiting;
async function searchFields() {
  const found = await ask("/fields", { q: at("search").value });
  drawFields(at("fields"), found, async (path) => {
    await navigator.clipboard.writeText(`{{ ${path} }}`);
    toast(`Copied {{ ${path} }}`);
  });
}

at("search").addEventListener("input", () => {
  tabs.select("show-fields");
  clearTimeout(waiting);
  waiting = setTimeout(() => searchFields().catch((error) => said(error.message, true)), 150);
});
at("form").addEventListener("change", () => { desk.form = at("form").value; make().catch((error) => said(error.message, true)); });
at("open").addEventListener("click", async (event) => {
  event.preventDefault();
  window.open(await picture(0), "_blank");
});
at("open").href = "#pages";
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) {
    event.preventDefault();
    at("search").focus();
  }
});
tabs.listen();
pickDeals(at("deal"), at("deals"), desk, () => make().catch((error) => said(error.message, true)));
follow();
