// Channels: found, looked at, and what was said in them.

import { act } from "./api.js";
import { ask, button, facts, field, h, later, link, list, notice, number, paged, plain, problem, REASON, seconds, tag, typed,
  when } from "./dom.js";

const PAGE = 50;

export async function channels({ may }) {
  const search = h("input", { type: "search", placeholder: "Part of a name", "aria-label": "Search channels", "data-test": "search" });
  const name = (row) => (may("moderator") ? h("a", { href: link("channels", row.channel) }, typed(row.channel)) : typed(row.channel));
  const columns = [
    ["Channel", name],
    ["Who may join", (row) => (row.lobby ? tag("lobby") : row.access)],
    ["Members", (row) => (row.lobby ? "everybody" : number(row.members)), "number"],
    ["Lines", (row) => number(Math.max(0, row.last_seq - row.first_seq + 1)), "number"],
    ["Topic", (row) => typed(row.topic)],
  ];
  const found = paged(
    (rows) => list(columns, rows, "There is no such channel."),
    async (after) => {
      const page = await act("channels list", { search: search.value.trim() || null, after, limit: PAGE });
      return [page.channels, page.after];
    },
  );
  search.addEventListener("input", later(found.reload));
  await found.reload();
  return [h("h1", {}, "Channels"), h("div", { class: "bar" }, search), h("section", { class: "card" }, found.element)];
}

const player = (name) => h("a", { href: link("accounts", name) }, typed(name));

export async function channel({ may, again }, name) {
  const shown = await act("channels show", { channel: name });
  const doing = may("admin") && !shown.lobby
    ? [
      button("Give…", () => give(name, again), { "data-test": "give" }),
      button("Delete…", () => remove(name), { class: "danger", "data-test": "delete" }),
    ] : [];
  const people = (names) => (names.length ? h("span", {}, names.flatMap((other, at) => [at ? ", " : "", player(other)])) : null);
  return [
    h("p", {}, h("a", { class: "back", href: "#/channels" }, "‹ Channels")),
    h("div", { class: "bar" }, h("h1", {}, typed(shown.channel)), h("div", { class: "actions" }, doing)),
    h("section", { class: "card" }, facts([
      ["Who may join", shown.lobby ? "everybody is in it" : shown.access],
      ["Topic", shown.topic ? typed(shown.topic) : null],
      ["Owner", shown.owner ? player(shown.owner) : null],
      ["Operators", people(shown.operators)],
      ["Members", people(shown.members_named) ?? (shown.lobby ? null : number(shown.members))],
    ])),
    h("section", { class: "card" }, h("h2", {}, "What was said"), lines(name)),
  ];
}

// The newest lines last, as players read them; older ones are fetched above.
function lines(channel) {
  const shown = h("ol", { class: "lines", "data-test": "lines" });
  const older = button("Older lines", () => load(), { hidden: true, "data-test": "older" });
  const trouble = h("div", {});
  let before = null;
  async function load() {
    try {
      const page = await act("lines list", { channel, before, limit: PAGE });
      if (before === null) shown.replaceChildren();
      shown.prepend(...page.lines.map((line) => said(channel, line, reload)));
      before = page.before;
      older.hidden = before === null;
      trouble.replaceChildren(shown.children.length ? "" : h("p", { class: "empty" }, "Nothing yet."));
    } catch (error) {
      trouble.replaceChildren(problem(error));
    }
  }
  function reload() {
    before = null;
    load();
  }
  load();
  return h("div", {}, h("div", { class: "actions" }, older, button("Look again", reload, { "data-test": "reload" })), trouble, shown);
}

function said(channel, line, reload) {
  const words = line.deleted
    ? h("div", { class: "deleted" }, "deleted")
    : h("div", { class: "said", dir: "auto" }, plain(line.text));
  const doing = line.deleted ? "" : h("div", {},
    button("Delete…", () => removeLine(channel, line, reload), { class: "plain danger", "data-test": `delete-${line.seq}` }),
    button("All of theirs…", () => removeAll(channel, line.sender, reload), { class: "plain danger", "data-test": `delete-all-${line.seq}` }));
  return h("li", {}, h("div", {},
    h("span", { class: "who" }, player(line.sender)), " ",
    h("small", {}, when(line.sent_at_ms), ` · ${line.seq}`, line.edited_at_ms ? " · edited" : ""), words), doing);
}

export const removeLine = async (channel, { seq, sender }, reload) => {
  const done = await ask({
    title: `Delete line ${seq} of ${sender}`,
    text: "Games show it as deleted by its author.",
    fields: [REASON()],
    verb: "Delete",
    danger: true,
    act: async ({ reason }) => act("lines delete", { channel, seq }, reason),
  });
  if (done) reload();
};

const removeAll = async (channel, name, reload) => {
  const done = await ask({
    title: `Delete what ${name} said in ${channel}`,
    fields: [field("time", "Only of the last", { placeholder: "2h" }, "30m, 2h, 3d. All of it when it is empty."), REASON()],
    verb: "Delete",
    danger: true,
    act: async ({ time, reason }) => act("lines delete --by", { channel, name, since_s: seconds(time) }, reason),
  });
  if (!done) return;
  notice(`Lines deleted: ${done.count}.`);
  reload();
};

const give = async (channel, again) => {
  const done = await ask({
    title: `Give ${channel} away`,
    text: "To a member; the owner before becomes operator.",
    fields: [field("to", "To whom", { required: true }), REASON()],
    verb: "Give",
    act: async ({ to, reason }) => act("channels give", { channel, to }, reason),
  });
  if (done) again();
};

const remove = (channel) => ask({
  title: `Delete ${channel}`,
  text: "With all that was said in it. Its members are told.",
  fields: [field("typed", `Type ${channel}`, { required: true }), REASON()],
  verb: "Delete",
  danger: true,
  act: async ({ typed: again, reason }) => {
    if (again !== channel) throw new Error("That is not the name.");
    await act("channels delete", { channel }, reason);
    notice(`${channel} is deleted.`);
    location.hash = "#/channels";
  },
});
