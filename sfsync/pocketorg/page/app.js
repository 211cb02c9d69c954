// Where one is, who one is, and the beat that keeps the page up to date.

import * as api from "./api.js";
import { Bell } from "./bell.js";
import { h, toast } from "./dom.js";
import { ListView } from "./list.js";
import { RecordView } from "./record.js";

const BEAT = 1000;

const main = document.getElementById("main");
const bell = new Bell(document.getElementById("bell"), go);
let view = null;
let changes = null;

function viewOf(path) {
  const found = path.match(/^\/(?:lightning\/r\/(?:Opportunity\/)?)?(006[A-Za-z0-9]{12,15})(?:\/view)?\/?$/);
  return found ? new RecordView(found[1]) : new ListView();
}

export function go(path, { replace = false } = {}) {
  if (!replace) history.pushState(null, "", path);
  return enter();
}

async function enter() {
  const entered = viewOf(location.pathname);
  view = entered;
  try {
    const { title, element } = await entered.open();
    if (view !== entered) return;
    document.title = `${title} · Pocket org`;
    main.replaceChildren(element);
    entered.entered?.();
    scrollTo(0, 0);
  } catch (error) {
    if (view === entered) giveUp(error);
  }
}

function giveUp(error) {
  view = null;
  main.replaceChildren(h("p", { class: "loading", role: "alert" }, error.message));
}

// one small question a second; the records are read again only when something in the org has changed
async function beat() {
  const offline = document.getElementById("offline");
  try {
    const news = await api.notices();
    offline.hidden = true;
    bell.show(news.notices);
    if (changes !== null && news.changes !== changes) await view?.refresh();
    changes = news.changes;
  } catch (error) {
    if (error instanceof api.Gone) giveUp(error);
    // an answer that is an error is shown where the click was; here only silence matters
    offline.hidden = !(error instanceof TypeError);
  }
  setTimeout(beat, BEAT);
}

function listUsers({ users, username }) {
  const select = document.getElementById("user");
  select.replaceChildren(...users.map((each) =>
    h("option", { value: each.Username, selected: each.Username === username }, `${each.Name} · ${each.Profile}`)));
}

async function switchUser(event) {
  try {
    await api.logIn(event.target.value);
    bell.show([]);
    await enter();
  } catch (error) {
    toast(error.message);
  }
}

function follow(event) {
  const link = event.target.closest?.("a[data-link]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute("href")).then(() => main.focus({ preventScroll: true }));
}

async function start() {
  document.addEventListener("click", follow);
  window.addEventListener("popstate", () => enter());
  document.getElementById("user").addEventListener("change", switchUser);
  try {
    listUsers(await api.logIn());
  } catch (error) {
    giveUp(error);
    return;
  }
  await enter();
  beat();
}

start();
