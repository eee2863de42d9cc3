// The frame around all pages: who is signed in, and which page is shown.

import { get, onSignedOut } from "./api.js";
import { closeQuestions, h, plain, problem } from "./dom.js";
import { account, accounts } from "./page_accounts.js";
import { audit } from "./page_audit.js";
import { channel, channels } from "./page_channels.js";
import { gameKeys } from "./page_game_keys.js";
import { me } from "./page_me.js";
import { operators } from "./page_operators.js";
import { overview } from "./page_overview.js";
import { registration } from "./page_registration.js";
import { report, reports } from "./page_reports.js";
import { sanctions } from "./page_sanctions.js";
import { newPassword, signIn } from "./sign_in.js";

const ROLES = ["viewer", "moderator", "admin"];
// Name in the address, title, least role, what shows it; and what shows one of many.
const PAGES = [
  ["overview", "Overview", "viewer", overview],
  ["accounts", "Accounts", "viewer", accounts, account],
  ["channels", "Channels", "viewer", channels, channel],
  ["reports", "Reports", "moderator", reports, report],
  ["sanctions", "Bans and mutes", "moderator", sanctions],
  ["registration", "Registration", "moderator", registration],
  ["audit", "Audit log", "moderator", audit],
  ["operators", "Operators", "admin", operators],
  ["game-keys", "Game keys", "admin", gameKeys],
  ["me", "My account", "viewer", me],
];

const app = document.getElementById("app");
let who = null;
// Ended when another page is shown: timers and the like.
let leave = new AbortController();
// The address that is shown.
let shown = null;

// Whether who is signed in may do what this role may.
const may = (role) => ROLES.indexOf(who.role) >= ROLES.indexOf(role);

function frame(content, current) {
  const links = PAGES.filter(([name, , role]) => name !== "me" && may(role)).map(([name, title]) =>
    h("a", { href: `#/${name}`, "aria-current": name === current ? "page" : null, "data-test": `nav-${name}` }, title));
  return [
    h("header", { class: "top" },
      h("a", { class: "brand", href: "#/overview" }, h("img", { src: "/console/icon.svg", alt: "" }), "Longhall"),
      h("nav", { "aria-label": "Pages" }, links),
      h("a", { class: "me", href: "#/me", "aria-current": current === "me" ? "page" : null, "data-test": "nav-me" },
        h("bdi", {}, who.name), h("span", { class: "quiet" }, `\u00a0(${who.role})`))),
    h("main", {}, content),
  ];
}

async function show() {
  leave.abort();
  leave = new AbortController();
  const { signal } = leave;
  const isOther = shown !== location.hash;
  if (who === null || isOther) closeQuestions();
  if (who === null) {
    shown = null;
    app.replaceChildren(signIn(begin));
    return;
  }
  if (who.must_change_password) {
    app.replaceChildren(newPassword(who.name, start));
    return;
  }
  const [name, ...parts] = location.hash.replace(/^#\//, "").split("/").map(decode);
  const page = PAGES.find(([known, , role]) => known === name && may(role)) ?? PAGES[0];
  const [current, title, , many, one] = page;
  document.title = `${plain(parts.length > 0 && one ? `${parts.join("/")} – ${title}` : title)} – Longhall console`;
  let content;
  try {
    const context = { who, may, signal, again: show, signedOut };
    content = await (parts.length > 0 && one ? one(context, parts.join("/")) : many(context));
  } catch (error) {
    content = [h("h1", {}, title), problem(error)];
  }
  if (signal.aborted) return;
  const focused = document.activeElement?.dataset.test;
  const isFirst = shown === null;
  shown = location.hash;
  app.replaceChildren(...frame(content, current));
  if (isOther) scrollTo(0, 0);
  focusAgain(focused, isOther && !isFirst);
}

// Whoever uses the keyboard goes on where they were, or at the top of another page.
function focusAgain(focused, isOther) {
  if (document.querySelector("dialog[open]")) return;
  const heading = app.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  const same = focused && app.querySelector(`[data-test="${CSS.escape(focused)}"]`);
  if (same && !isOther) same.focus({ preventScroll: true });
  else if (focused || isOther) heading?.focus({ preventScroll: true });
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// Somebody has signed in.
function begin(signedIn) {
  who = signedIn;
  show();
}

function signedOut() {
  who = null;
  show();
}

// Looks who is signed in.
async function start() {
  try {
    who = await get("me");
  } catch (error) {
    who = null;
    if (error.kind === "network") {
      app.replaceChildren(h("main", { class: "narrow" }, problem(error)));
      setTimeout(start, 5000);
      return;
    }
  }
  show();
}

onSignedOut((kind) => {
  if (who === null) return;
  if (kind === "change_password") start();
  else signedOut();
});
addEventListener("hashchange", show);
start();
