// Who gets an account: those that wait to be let in, and invites.

import { act } from "./api.js";
import { ask, button, DURATION, field, h, list, notice, paged, plain, REASON, seconds, tag, tellOnce, typed, when } from "./dom.js";

const PAGE = 50;

export async function registration({ again }) {
  const waiting = paged(
    (rows) => list([
      ["Name", (row) => typed(row.username)],
      ["Registered", (row) => when(row.created_at_ms)],
      ["", (row) => h("span", {},
        button("Let in…", () => approve(row.username, again), { class: "plain", "data-test": `approve-${row.username}` }),
        button("Decline…", () => decline(row.username, again),
          { class: "plain danger", "data-test": `decline-${row.username}` })), "act"],
    ], rows, "Nobody waits."),
    async (after) => {
      const page = await act("users list", { waiting: true, after, limit: PAGE });
      return [page.users, page.after];
    },
  );
  const [{ invites }] = await Promise.all([act("invites list"), waiting.reload()]);
  return [
    h("h1", {}, "Registration"),
    h("section", { class: "card" }, h("h2", {}, "Wait to be let in"), waiting.element),
    h("section", { class: "card" },
      h("div", { class: "bar" }, h("h2", {}, "Invites"), button("Make one…", () => add(again), { class: "primary", "data-test": "add" })),
      list([
        ["Invite", (row) => `#${row.invite}`],
        ["For", (row) => typed(row.note || "(no note)")],
        ["Left", (row) => h("span", {}, `${row.uses_left} of ${row.uses} `, row.good ? "" : tag("over", "bad")), "number"],
        ["Until", (row) => (row.until_ms ? when(row.until_ms) : "for good")],
        ["By", (row) => plain(row.by)],
        ["", (row) => button("Take back…", () => remove(row, again), { class: "plain danger", "data-test": `remove-${row.invite}` }), "act"],
      ], invites, "None. They count where --registration is invite.")),
  ];
}

async function add(again) {
  const made = await ask({
    title: "Make an invite",
    text: "Whoever has its code may register.",
    fields: [field("uses", "For how many accounts", { type: "number", min: 1, max: 100000, value: 1, required: true }),
      DURATION(), field("note", "For whom", { maxlength: 200 }), REASON()],
    verb: "Make it",
    act: async ({ uses, time, note, reason }) => act("invites add", { uses: Number(uses), for_s: seconds(time), note }, reason),
  });
  if (!made) return;
  again();
  tellOnce("The code of the invite", "It is shown this once, and not kept.", made.code);
}

async function remove({ invite, note }, again) {
  const done = await ask({
    title: `Take back invite #${invite}${note ? ` (${note})` : ""}`,
    text: "Nobody registers with it any more. Accounts that were made with it stay.",
    fields: [REASON()],
    verb: "Take it back",
    danger: true,
    act: async ({ reason }) => act("invites remove", { invite }, reason),
  });
  if (!done) return;
  notice(`Invite #${invite} is void.`);
  again();
}

async function approve(name, again) {
  const done = await ask({
    title: `Let ${name} in`,
    text: "They can log in from then on.",
    fields: [REASON()],
    verb: "Let in",
    act: async ({ reason }) => act("users approve", { name }, reason),
  });
  if (!done) return;
  notice(`${done.username} may come in.`);
  again();
}

async function decline(name, again) {
  const done = await ask({
    title: `Decline ${name}`,
    text: "The account is gone, and its name is free.",
    fields: [REASON()],
    verb: "Decline",
    danger: true,
    act: async ({ reason }) => act("users decline", { name }, reason),
  });
  if (!done) return;
  notice(`${done.username} is gone.`);
  again();
}
