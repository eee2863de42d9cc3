// What players reported: the queue, and one report with the lines that were kept with it.

import { act } from "./api.js";
import { ask, button, facts, field, h, link, list, notice, paged, plain, REASON, tag, typed, when } from "./dom.js";
import { ban, mute } from "./page_accounts.js";
import { removeLine } from "./page_channels.js";

const PAGE = 50;
const CATEGORIES = {
  harassment: "Harassment", hate: "Hate", sexual: "Sexual content", violence: "Violence", spam: "Spam",
  cheating: "Cheating", name: "Offensive name", other: "Something else",
};

const player = (name) => h("a", { href: link("accounts", name) }, typed(name));
const category = (name) => CATEGORIES[name] ?? plain(name);
const outcome = (closed) => (closed ? tag(closed.outcome, closed.outcome === "acted" ? "good" : "") : tag("open", "bad"));
const what = ({ channel }) => (channel === undefined ? "the player" : channel === "@" ? "a whisper" : h("span", {}, "a line in ", typed(channel)));

export async function reports() {
  const shown = h("select", { "aria-label": "Which reports", "data-test": "filter" },
    [["open", "Open"], ["closed", "Closed"]].map(([value, title]) => h("option", { value }, title)));
  const columns = [
    ["Report", ({ report }) => h("a", { href: link("reports", String(report)), "data-test": `report-${report}` }, `#${report}`)],
    ["Whom", ({ username }) => player(username)],
    ["What for", (row) => category(row.category)],
    ["About", what],
    ["By", ({ by }) => player(by)],
    ["When", ({ created_at_ms }) => when(created_at_ms)],
    ["", ({ closed }) => outcome(closed)],
  ];
  const nothing = { open: "Nothing waits.", closed: "None yet." };
  const found = paged(
    (rows) => list(columns, rows, nothing[shown.value]),
    async (before) => {
      const page = await act("reports list", { open: shown.value === "open", before, limit: PAGE });
      return [page.reports, page.before];
    },
  );
  shown.addEventListener("change", found.reload);
  await found.reload();
  return [h("h1", {}, "Reports"), h("div", { class: "bar" }, shown), h("section", { class: "card" }, found.element)];
}

export async function report({ again }, number) {
  const id = Number(number);
  const { reported: row, lines } = await act("reports show", { report: id });
  const { username: name, closed } = row;
  const doing = [
    button("Mute…", () => mute(name, again), { "data-test": "mute" }),
    button("Ban…", () => ban(name, again), { class: "danger", "data-test": "ban" }),
  ];
  if (!closed) {
    doing.unshift(
      button("Acted…", () => close(id, "acted", again), { class: "primary", "data-test": "acted" }),
      button("Dismiss…", () => close(id, "dismissed", again), { "data-test": "dismissed" }),
    );
  }
  return [
    h("p", {}, h("a", { class: "back", href: "#/reports" }, "‹ Reports")),
    h("div", { class: "bar" }, h("h1", {}, `Report #${id}`), h("div", { class: "actions" }, doing)),
    h("section", { class: "card" }, facts([
      ["Whom", player(name)],
      ["What for", category(row.category)],
      ["About", what(row)],
      ["Said of it", row.text ? typed(row.text) : null],
      ["By", player(row.by)],
      ["When", when(row.created_at_ms)],
      ["State", outcome(closed)],
      ["Closed by", closed ? h("span", {}, typed(closed.by), " ", when(closed.at_ms)) : null],
      ["Told", closed?.text ? typed(closed.text) : null],
    ])),
    h("section", { class: "card" }, h("h2", {}, "As it was when it was reported"),
      lines.length ? h("ol", { class: "lines", "data-test": "kept" }, lines.map((line) => kept(row, line, again)))
        : h("p", { class: "empty" }, "No line was reported.")),
  ];
}

function kept(row, line, again) {
  const { channel } = row;
  const words = line.deleted
    ? h("div", { class: "deleted" }, "deleted")
    : h("div", { class: "said", dir: "auto" }, plain(line.text));
  const canDelete = channel !== "@" && !line.deleted;
  return h("li", { "aria-current": line.seq === row.seq ? "true" : null }, h("div", {},
    h("span", { class: "who" }, player(line.sender)), " ",
    h("small", {}, when(line.sent_at_ms), ` · ${line.seq}`, line.edited_at_ms ? " · edited" : "",
      line.seq === row.seq ? " · reported" : ""), words),
  canDelete ? button("Delete…", () => removeLine(channel, line, again), { class: "plain danger", "data-test": `delete-${line.seq}` }) : "");
}

const close = async (report, how, again) => {
  const done = await ask({
    title: how === "acted" ? `Close report #${report}: something was done` : `Dismiss report #${report}`,
    text: "Whoever reported is told so, but not by whom.",
    fields: [field("text", "What they are told beside it", { maxlength: 300 }), REASON()],
    verb: how === "acted" ? "Close it" : "Dismiss it",
    act: async ({ text, reason }) => act("reports close", { report, outcome: how, text }, reason),
  });
  if (!done) return;
  notice(`Report #${report} is closed.`);
  again();
};
