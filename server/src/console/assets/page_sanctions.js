// The bans and mutes that hold.

import { act } from "./api.js";
import { ask, button, DURATION, field, h, link, list, notice, REASON, seconds, tag, typed, when } from "./dom.js";
import { lift } from "./page_accounts.js";

export async function sanctions({ again }) {
  const { sanctions: rows } = await act("sanctions list");
  const isNetwork = (whom) => /[/.:]/.test(whom);
  const columns = [
    ["Whom", ({ whom }) => (isNetwork(whom) ? typed(whom) : h("a", { href: link("accounts", whom) }, typed(whom)))],
    ["What", ({ kind }) => tag(kind, kind === "ban" ? "bad" : "")],
    ["Ends", ({ until_ms }) => (until_ms ? when(until_ms) : "never")],
    ["Since", ({ since_ms }) => when(since_ms)],
    ["By", ({ by }) => typed(by)],
    ["Why", ({ reason }) => typed(reason)],
    ["", (row) => button("Lift…", () => lift(row, again), { class: "plain", "data-test": "lift" }), "act"],
  ];
  return [
    h("div", { class: "bar" }, h("h1", {}, "Bans and mutes"),
      button("Ban…", () => add(again), { class: "danger", "data-test": "ban" })),
    h("section", { class: "card" }, list(columns, rows.reverse(), "Nobody is banned or muted.")),
  ];
}

async function add(again) {
  const done = await ask({
    title: "Ban",
    text: "An account, or all who come from an address or a range.",
    fields: [field("whom", "Whom", { required: true, placeholder: "Mallory or 203.0.113.0/24" }), DURATION(), REASON()],
    verb: "Ban",
    danger: true,
    act: async ({ whom, time, reason }) => act("ban", { whom, for_s: seconds(time) }, reason),
  });
  if (!done) return;
  notice(`${done.whom} is banned.`);
  again();
}

// One of them as a sentence.
export function sanctionText({ kind, until_ms, by, reason }) {
  return h("span", {}, tag(kind === "ban" ? "banned" : "muted", "bad"),
    until_ms ? h("span", {}, " ends ", when(until_ms)) : " for good", ", by ", typed(by), reason ? ": " : "", typed(reason));
}
