// Accounts: found, looked at, and what is done about them.

import { act } from "./api.js";
import { ask, button, DURATION, facts, field, h, later, link, list, notice, online, paged, REASON, seconds, tag,
  tellOnce, typed, when } from "./dom.js";
import { sanctionText } from "./page_sanctions.js";

const PAGE = 50;

export async function accounts({ may }) {
  const search = h("input", { type: "search", placeholder: "Part of a name", "aria-label": "Search accounts", "data-test": "search" });
  const name = (row) => (may("moderator") ? h("a", { href: link("accounts", row.username) }, typed(row.username)) : typed(row.username));
  const columns = [
    ["Name", name],
    ["", (row) => h("span", {}, online(row.online), row.kind === "account" ? "" : [" ", tag(row.kind)])],
    ["Registered", (row) => when(row.created_at_ms)],
    ["Last seen", (row) => when(row.last_seen_at_ms)],
    ["Logins", (row) => String(row.sessions), "number"],
  ];
  const found = paged(
    (rows) => list(columns, rows, "There is no such account."),
    async (after) => {
      const page = await act("users list", { search: search.value.trim() || null, after, limit: PAGE });
      return [page.users, page.after];
    },
  );
  search.addEventListener("input", later(found.reload));
  await found.reload();
  return [h("h1", {}, "Accounts"), h("div", { class: "bar" }, search), h("section", { class: "card" }, found.element)];
}

export async function account({ may, again }, name) {
  const [user, logins] = await Promise.all([act("users show", { name }), act("sessions list", { name })]);
  const called = user.username;
  return [
    h("p", {}, h("a", { class: "back", href: "#/accounts" }, "‹ Accounts")),
    h("div", { class: "bar" }, h("h1", {}, typed(called)), h("div", { class: "actions" }, doing(may, user, again))),
    h("section", { class: "card" }, facts([
      ["State", online(user.online)],
      ["Number", String(user.id)],
      ["Registered", when(user.created_at_ms)],
      ["Last seen", when(user.last_seen_at_ms)],
      ["Blocks", user.blocks.length ? user.blocks.flatMap((other, at) => [at ? ", " : "", typed(other)]) : "nobody"],
      ["Invited to", user.invitations.length
        ? user.invitations.flatMap(({ channel, by }, at) => [at ? ", " : "", typed(channel), " by ", typed(by)]) : null],
    ].map(([key, value]) => [key, Array.isArray(value) ? h("span", {}, value) : value]))),
    section("Bans and mutes", list([
      ["", (row) => sanctionText(row)],
      ["", (row) => button("Lift…", () => lift(row, again), { class: "plain", "data-test": `lift-${row.kind}` }), "act"],
    ], user.sanctions, "None.")),
    section("Logins", list([
      ["Device", (row) => typed(row.device || "(no name)")],
      ["", (row) => online(row.online)],
      ["Since", (row) => when(row.created_at_ms)],
      ["Last seen", (row) => when(row.last_seen_at_ms)],
      ["", (row) => button("End…", () => end(row, again), { class: "plain danger", "data-test": `end-${row.session}` }), "act"],
    ], logins.sessions, "Nowhere."),
    logins.sessions.length > 1 && button("End all…", () => endAll(called, again), { class: "danger", "data-test": "end-all" })),
    section("Channels", list([
      ["Channel", (row) => h("a", { href: link("channels", row.channel) }, typed(row.channel))],
      ["Role", (row) => row.role],
      ["Read up to", (row) => String(row.read_seq), "number"],
    ], user.channels, "None.")),
  ];
}

const section = (title, ...content) =>
  h("section", { class: "card" }, h("h2", {}, title), content.filter(Boolean));

function doing(may, { username: name }, again) {
  const made = [
    button("Mute…", () => mute(name, again), { "data-test": "mute" }),
    button("Kick…", () => kick(name, again), { "data-test": "kick" }),
    button("Ban…", () => ban(name, again), { class: "danger", "data-test": "ban" }),
  ];
  if (may("admin")) {
    made.push(
      button("Rename…", () => rename(name), { "data-test": "rename" }),
      button("New password…", () => reset(name, again), { "data-test": "reset-password" }),
      button("Code…", () => giveCode(name), { "data-test": "reset-code" }),
      button("Export", () => download(name), { "data-test": "export" }),
      button("Erase…", () => erase(name), { class: "danger", "data-test": "erase" }),
    );
  }
  return made;
}

async function then(asked, again) {
  if (await asked) again();
}

export const ban = (whom, again) => then(ask({
  title: `Ban ${whom}`,
  text: "Whoever it is about is closed and cannot come in.",
  fields: [DURATION(), REASON()],
  verb: "Ban",
  danger: true,
  act: async ({ time, reason }) => {
    await act("ban", { whom, for_s: seconds(time) }, reason);
    notice(`${whom} is banned.`);
    return true;
  },
}), again);

export const mute = (name, again) => then(ask({
  title: `Mute ${name}`,
  text: "The account reads on and says nothing.",
  fields: [DURATION(), REASON()],
  verb: "Mute",
  act: async ({ time, reason }) => {
    await act("mute", { name, for_s: seconds(time) }, reason);
    notice(`${name} is muted.`);
    return true;
  },
}), again);

export const lift = ({ kind, whom }, again) => then(ask({
  title: `Lift the ${kind} of ${whom}`,
  fields: [REASON()],
  verb: "Lift it",
  act: async ({ reason }) => {
    await (kind === "ban" ? act("unban", { whom }, reason) : act("unmute", { name: whom }, reason));
    notice(`The ${kind} of ${whom} is lifted.`);
    return true;
  },
}), again);

const kick = (name, again) => then(ask({
  title: `Kick ${name}`,
  text: "Logged out everywhere; may log in again.",
  fields: [REASON()],
  verb: "Kick",
  act: async ({ reason }) => {
    const { sessions_ended: count } = await act("kick", { name }, reason);
    notice(`${name} is logged out; logins ended: ${count}.`);
    return true;
  },
}), again);

const end = ({ session, device }, again) => then(ask({
  title: "End a login",
  text: `The device “${device}” has to log in with the password again.`,
  fields: [REASON()],
  verb: "End it",
  act: async ({ reason }) => {
    await act("sessions close", { session }, reason);
    notice("The login ended.");
    return true;
  },
}), again);

const endAll = (name, again) => then(ask({
  title: `End all logins of ${name}`,
  fields: [REASON()],
  verb: "End all",
  act: async ({ reason }) => {
    const { count } = await act("sessions close --all", { name }, reason);
    notice(`Logins ended: ${count}.`);
    return true;
  },
}), again);

const rename = (name) => ask({
  title: `Rename ${name}`,
  text: "Games are disconnected for a moment and come back with the new name. The old one is free then.",
  fields: [field("new_name", "New name", { required: true }), REASON()],
  verb: "Rename",
  act: async ({ new_name, reason }) => {
    const { username } = await act("users rename", { name, new_name }, reason);
    notice(`${name} is ${username} now.`);
    location.hash = link("accounts", username);
  },
});

const reset = async (name, again) => {
  const password = await ask({
    title: `New password for ${name}`,
    text: "A random one, shown once. All logins end.",
    fields: [REASON()],
    verb: "Make one",
    danger: true,
    act: async ({ reason }) => (await act("users reset-password", { name }, reason)).password,
  });
  if (!password) return;
  again();
  tellOnce(`The new password of ${name}`, "It is shown this once.", password);
};

const giveCode = async (name) => {
  const code = await ask({
    title: `A code for ${name}`,
    text: "Good for a day. By it the player sets a new password, and loses a second factor, too.",
    fields: [REASON()],
    verb: "Make one",
    act: async ({ reason }) => (await act("users reset-code", { name }, reason)).code,
  });
  if (code) tellOnce(`The code of ${name}`, "It is shown this once.", code);
};

// All pages of what is known of an account, as a file.
async function download(name) {
  try {
    const whole = await act("users export", { name, after: null });
    while (whole.after) {
      const page = await act("users export", { name, after: whole.after });
      whole.lines.push(...page.lines);
      whole.whispers.push(...page.whispers);
      whole.reports.push(...page.reports);
      whole.after = page.after;
    }
    const file = new Blob([JSON.stringify(whole, null, 2)], { type: "application/json" });
    const address = URL.createObjectURL(file);
    h("a", { href: address, download: `${name}.json` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
    notice(`What is known of ${name} is in ${name}.json.`);
  } catch (error) {
    notice(error.message);
  }
}

const erase = (name) => ask({
  title: `Erase ${name}`,
  text: "The account, all it has and the text of all it said. There is no way back.",
  fields: [field("typed", `Type ${name}`, { required: true }), REASON()],
  verb: "Erase",
  danger: true,
  act: async ({ typed: again, reason }) => {
    if (again !== name) throw new Error("That is not the name.");
    const { lines } = await act("users erase", { name, yes: true }, reason);
    notice(`${name} is erased; lines emptied: ${lines}.`);
    location.hash = "#/accounts";
  },
});
