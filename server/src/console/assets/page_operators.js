// Who may sign in to the console.

import { act } from "./api.js";
import { ask, button, field, h, list, notice, REASON, tag, tellOnce, typed, when } from "./dom.js";

const ROLES = ["viewer", "moderator", "admin"];
const WHAT = "A viewer sees how the server is, which accounts and channels there are. A moderator reads what was said and keeps order. An admin may do everything.";

export async function operators({ who, again }) {
  const { operators: rows } = await act("operators list");
  const columns = [
    ["Name", (row) => h("span", {}, typed(row.name), row.name === who.name ? " (you)" : "")],
    ["Role", (row) => tag(row.role)],
    ["Second factor", (row) => (row.totp ? tag("on", "good") : tag("off"))],
    ["Added", (row) => when(row.created_at_ms)],
    ["Signed in", (row) => when(row.last_seen_at_ms)],
    ["", (row) => h("span", {},
      button("Role…", () => setRole(row, again), { class: "plain", "data-test": `role-${row.name}` }),
      button("Reset…", () => reset(row.name, again), { class: "plain", "data-test": `reset-${row.name}` }),
      button("Remove…", () => remove(row.name, again), { class: "plain danger", "data-test": `remove-${row.name}` })), "act"],
  ];
  return [
    h("div", { class: "bar" }, h("h1", {}, "Operators"), button("Add…", () => add(again), { class: "primary", "data-test": "add" })),
    h("p", { class: "quiet" }, WHAT),
    h("section", { class: "card" }, list(columns, rows, "There is nobody.")),
  ];
}

function tell({ name, role, password }) {
  tellOnce(`The password of ${name}`,
    `It is shown this once. ${name} signs in with it as ${role} and chooses another one.`, password);
}

async function add(again) {
  const added = await ask({
    title: "Add an operator",
    text: WHAT,
    fields: [field("name", "Name", { required: true }), field("role", "Role", { options: ROLES, value: "moderator" }), REASON()],
    verb: "Add",
    act: async ({ name, role, reason }) => act("operators add", { name, role }, reason),
  });
  if (!added) return;
  again();
  tell(added);
}

async function setRole({ name, role: now }, again) {
  const done = await ask({
    title: `Role of ${name}`,
    text: WHAT,
    fields: [field("role", "Role", { options: ROLES, value: now }), REASON()],
    verb: "Change it",
    act: async ({ role, reason }) => act("operators set-role", { name, role }, reason),
  });
  if (!done) return;
  notice(`${done.name} is ${done.role} now.`);
  again();
}

async function reset(name, again) {
  const done = await ask({
    title: `Reset ${name}`,
    text: "A new random password, no second factor, signed out everywhere.",
    fields: [REASON()],
    verb: "Reset",
    danger: true,
    act: async ({ reason }) => act("operators reset", { name }, reason),
  });
  if (!done) return;
  again();
  tell(done);
}

async function remove(name, again) {
  const done = await ask({
    title: `Remove ${name}`,
    text: "Signed out at once, for good.",
    fields: [REASON()],
    verb: "Remove",
    danger: true,
    act: async ({ reason }) => act("operators remove", { name }, reason),
  });
  if (!done) return;
  notice(`${name} may sign in no more.`);
  again();
}
