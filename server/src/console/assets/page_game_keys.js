// Keys by which games' own servers ask for things.

import { act } from "./api.js";
import { ask, button, field, h, list, notice, REASON, seconds, tag, tellOnce, typed, when } from "./dom.js";

// What a key may be good for, and what that means.
const SCOPES = [
  ["players", "look up who is online, and accounts"],
  ["kick", "log players out"],
  ["say", "say lines of the game's in channels"],
  ["channels", "make and end temporary channels"],
  ["tickets", "redeem players' tickets"],
  ["profiles", "set the game's part of players' profiles"],
];

export async function gameKeys({ again }) {
  const { keys } = await act("game-keys list");
  const columns = [
    ["Name", (row) => typed(row.name)],
    ["For", (row) => row.scopes.join(", ")],
    ["Made", (row) => when(row.created_at_ms)],
    ["Used, to the hour", (row) => when(row.last_used_at_ms)],
    ["Until", (row) => h("span", {}, row.until_ms ? when(row.until_ms) : "for good", row.good ? "" : [" ", tag("over", "bad")])],
    ["", (row) => button("Remove…", () => remove(row, again), { class: "plain danger", "data-test": `remove-${row.name}` }), "act"],
  ];
  return [
    h("div", { class: "bar" }, h("h1", {}, "Game keys"), button("Make one…", () => add(again), { class: "primary", "data-test": "add" })),
    h("p", { class: "quiet" }, "By a key a game's own server asks for things, at the address of --game-listen. Give each program one of its own."),
    h("section", { class: "card" }, list(columns, keys, "None.")),
  ];
}

const scope = ([name, what]) => h("label", { class: "check" },
  h("input", { type: "checkbox", name: `scope-${name}`, "data-test": `scope-${name}` }),
  h("span", {}, h("b", {}, name), ` – ${what}`));

async function add(again) {
  const made = await ask({
    title: "Make a key",
    text: "Whoever has it may do what is ticked.",
    fields: [
      field("name", "Name", { required: true, maxlength: 32 }, "Of the program that gets it: a-z, 0-9 and -. It stands in the audit log."),
      h("fieldset", {}, h("legend", {}, "What it is good for"), SCOPES.map(scope)),
      field("time", "For how long", { placeholder: "90d" }, "30d, 90d, 52w. For good when it is empty."), REASON()],
    verb: "Make it",
    act: async ({ name, time, reason, ...ticked }) => {
      const scopes = SCOPES.map(([one]) => one).filter((one) => ticked[`scope-${one}`]);
      if (scopes.length === 0) throw new Error("Tick what it is good for.");
      return act("game-keys add", { name, scopes, for_s: seconds(time) }, reason);
    },
  });
  if (!made) return;
  again();
  tellOnce(`The key ${made.name}`, "It is shown this once, and only a hash of it is kept.", made.key);
}

async function remove({ name }, again) {
  const done = await ask({
    title: `Remove the key ${name}`,
    text: "It is good for nothing any more, at once. Whoever uses it is answered 401.",
    fields: [REASON()],
    verb: "Remove",
    danger: true,
    act: async ({ reason }) => act("game-keys remove", { name }, reason),
  });
  if (!done) return;
  notice(`The key ${done.name} is good for nothing any more.`);
  again();
}
