// How the server is.

import { act, get } from "./api.js";
import { charts } from "./charts.js";
import { ask, button, facts, field, h, notice, number, problem, REASON, seconds, tag, when } from "./dom.js";

// Between two looks.
const BETWEEN_MS = 5000;

export async function overview({ may, signal }) {
  const drawn = charts();
  const trouble = h("div", {});
  const state = h("div", {});
  const actions = h("div", { class: "actions" });
  let timer;
  // What the buttons go by.
  let are;

  async function look() {
    clearTimeout(timer);
    try {
      const [status, figures] = await Promise.all([act("status"), get("figures")]);
      state.replaceChildren(told(status));
      drawn.show(figures);
      // Only when it is something else: whoever is at a button stays there.
      const now = `${status.running.stops_at_ms} ${status.lockdown_until_ms}`;
      if (are !== now) actions.replaceChildren(...doing(may, status, look));
      are = now;
      trouble.replaceChildren();
    } catch (error) {
      trouble.replaceChildren(problem(error));
    }
    clearTimeout(timer);
    if (!signal.aborted) timer = setTimeout(() => signal.aborted || look(), BETWEEN_MS);
  }
  await look();
  return [
    h("div", { class: "bar" }, h("h1", {}, "Overview"), actions),
    trouble,
    drawn.element,
    h("section", { class: "card" }, h("h2", {}, "This server"), state),
  ];
}

function told({ server, epoch, running, accounts, sessions, channels, sanctions, lockdown_until_ms: locked }) {
  return facts([
    ["Program", server],
    ["State", running.stops_at_ms
      ? h("span", {}, tag("draining", "bad"), " stops ", when(running.stops_at_ms))
      : tag("running", "good")],
    ["Locked down", locked ? h("span", {}, tag("nobody registers", "bad"), " ends ", when(locked)) : null],
    ["Running since", when(running.since_ms)],
    ["Connections", number(running.connections)],
    ["Players here", number(running.players_here)],
    ["Players in the hall", number(running.players)],
    ["Other servers", running.bus === null ? null : running.bus ? tag("reached", "good") : tag("not reached", "bad")],
    ["Accounts", number(accounts)],
    ["Logins", number(sessions)],
    ["Channels", number(channels)],
    ["Bans and mutes", number(sanctions)],
    ["Store", h("small", {}, epoch)],
  ]);
}

function doing(may, { running, lockdown_until_ms: locked }, look) {
  const made = [];
  if (may("moderator")) {
    made.push(
      button("Announce…", () => announce(), { "data-test": "announce" }),
      locked
        ? button("End the lockdown…", () => endLockdown(look), { "data-test": "lockdown-end" })
        : button("Lock down…", () => lockDown(look), { "data-test": "lockdown" }),
    );
  }
  if (may("admin")) {
    made.push(running.stops_at_ms
      ? button("Do not stop", () => cancel(look), { "data-test": "drain-cancel" })
      : button("Stop the server…", () => drain(look), { class: "danger", "data-test": "drain" }));
  }
  return made;
}

function announce() {
  return ask({
    title: "Announce",
    text: "A line in the lobby that everybody reads.",
    fields: [field("text", "What to say", { required: true, maxlength: 500 }), REASON()],
    verb: "Say it",
    act: async ({ text, reason }) => {
      const { channel } = await act("announce", { text }, reason);
      notice(`Said in ${channel}.`);
    },
  });
}

async function lockDown(look) {
  await ask({
    title: "Lock the hall down",
    text: "Against a raid: nobody registers, and each account says one line in three seconds. It ends by itself.",
    fields: [field("time", "For how long", { value: "30m", required: true }, "10m, 2h"), REASON()],
    verb: "Lock down",
    danger: true,
    act: async ({ time, reason }) => {
      await act("lockdown", { for_s: seconds(time) ?? 0 }, reason);
      notice("Nobody registers, and everybody speaks slowly.");
    },
  });
  look();
}

async function endLockdown(look) {
  await ask({
    title: "End the lockdown",
    fields: [REASON()],
    verb: "End it",
    act: async ({ reason }) => {
      await act("lockdown --end", {}, reason);
      notice("The lockdown is over.");
    },
  });
  look();
}

async function drain(look) {
  await ask({
    title: "Stop the server",
    text: "It takes no new connections, tells the lobby, and stops after the time. A service that has stopped so is started by hand.",
    fields: [field("time", "After", { value: "5m", required: true }, "30s, 5m, 1h"), REASON()],
    verb: "Stop it",
    danger: true,
    act: async ({ time, reason }) => {
      await act("drain", { in_s: seconds(time) ?? 0 }, reason);
      notice("The server takes no new connections.");
    },
  });
  look();
}

async function cancel(look) {
  await ask({
    title: "Do not stop",
    text: "New connections are taken again.",
    fields: [REASON()],
    verb: "Go on",
    act: async ({ reason }) => {
      await act("drain --cancel", {}, reason);
      notice("The server goes on.");
    },
  });
  look();
}
