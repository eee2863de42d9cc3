// Small things that all pages are made of. What players typed is only ever text.

// An element with attributes, handlers (`onclick`) and children.
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// What somebody typed: it goes its own way round and takes no other text along.
export const typed = (text) => (text ? h("bdi", {}, text) : "");

export const link = (page, ...parts) => `#/${[page, ...parts.map(encodeURIComponent)].join("/")}`;

const nearest = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [7 * 86400, "day", 86400]];

// A time, near ones as people say them.
export function when(ms) {
  if (!ms) return h("span", { class: "quiet" }, "never");
  const date = new Date(ms);
  const seconds = (ms - Date.now()) / 1000;
  const step = STEPS.find(([below]) => Math.abs(seconds) < below);
  const text = step
    ? nearest.format(Math.round(seconds / step[2]), step[1])
    : date.toLocaleDateString(undefined, { dateStyle: "medium" });
  return h("time", { datetime: date.toISOString(), title: date.toLocaleString() }, text);
}

export const number = (value) => Number(value).toLocaleString();

// A table that becomes cards on a phone. Columns: [title, cell of a row, class].
export function list(columns, rows, nothing) {
  if (rows.length === 0) return h("p", { class: "empty" }, nothing);
  const head = columns.map(([title, , kind]) => h("th", { scope: "col", class: kind }, title));
  const body = rows.map((row) => h("tr", {}, columns.map(([title, cell, kind]) => {
    const content = cell(row);
    const label = kind === "act" || title === "" ? undefined : title;
    return h("td", { class: kind, "data-label": label }, content ?? "");
  })));
  const isNamed = columns.some(([title]) => title !== "");
  return h("table", {}, isNamed ? h("thead", {}, h("tr", {}, head)) : null, h("tbody", {}, body));
}

export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined);
  return h("dl", { class: "facts" }, shown.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export const tag = (text, kind = "") => h("span", { class: `tag ${kind}` }, text);

export const online = (is) => (is ? tag("online", "good") : tag("offline"));

export const problem = (error) => h("p", { class: "problem", role: "alert" }, error.message);

export const button = (text, onclick, attributes = {}) =>
  h("button", { type: "button", onclick, ...attributes }, text);

// A field with its name above it.
export function field(name, label, attributes = {}, hint = null) {
  const input = attributes.options
    ? h("select", { name, "data-test": name }, attributes.options.map((option) =>
        h("option", { value: option, selected: option === attributes.value }, option)))
    : h("input", { name, "data-test": name, autocomplete: "off", ...attributes });
  return h("label", {}, h("span", {}, label), input, hint && h("small", {}, hint));
}

// Whose password it is, for whatever remembers passwords.
export const owner = (name) => h("input", { name: "username", autocomplete: "username", value: name, readonly: true, hidden: true });

// Says what was done, for a while.
export function notice(text) {
  const shown = h("p", {}, text);
  document.getElementById("notices").append(shown);
  setTimeout(() => shown.remove(), 6000);
}

// Seconds of a time such as `30m`, `2h` or `1d 12h`; null when nothing was typed.
export function seconds(text) {
  const words = text.trim().toLowerCase();
  if (words === "") return null;
  const units = { s: 1, m: 60, h: 3600, d: 86400, w: 7 * 86400 };
  if (!/^(\d+\s*[smhdw]\s*)+$/.test(words)) throw new Error(`“${text}” is no time: 30m, 2h, 3d.`);
  const parts = [...words.matchAll(/(\d+)\s*([smhdw])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit], 0);
}

export const REASON = field.bind(null, "reason", "Why", { maxlength: 500 }, "For the audit log.");
export const DURATION = field.bind(null, "time", "For how long", { placeholder: "2h" },
  "30m, 2h, 3d. For good when it is empty.");

// Asks before something is done. `act` gets what was typed; what it throws is shown.
// Returns what `act` returns, or undefined when nothing was done.
export function ask({ title, text, fields = [], verb, danger = false, act }) {
  return new Promise((resolve) => {
    let result;
    const trouble = h("div", {});
    const go = h("button", { type: "submit", class: danger ? "primary danger" : "primary", "data-test": "confirm" }, verb);
    const cancel = button("Cancel", () => dialog.close(), { "data-test": "cancel" });
    const form = h("form", {
      onsubmit: async (event) => {
        event.preventDefault();
        go.disabled = true;
        try {
          result = await act(Object.fromEntries(new FormData(form)));
          dialog.close();
        } catch (error) {
          trouble.replaceChildren(problem(error));
        }
        go.disabled = false;
      },
    }, h("h2", {}, title), text && h("p", {}, text), trouble, fields, h("div", { class: "actions" }, cancel, go));
    const dialog = h("dialog", { onclose: () => { dialog.remove(); resolve(result); } }, form);
    document.body.append(dialog);
    dialog.showModal();
    form.querySelector("input, select")?.focus();
  });
}

// Shows a secret that is told this once.
export function tellOnce(title, text, secret) {
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(secret);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Select it and copy";
    }
  });
  const close = button("I have it", () => dialog.close(), { class: "primary", "data-test": "close" });
  const dialog = h("dialog", { onclose: () => dialog.remove() }, h("h2", {}, title), h("p", {}, text),
    h("code", { class: "secret", "data-test": "secret" }, secret), h("div", { class: "actions" }, copy, close));
  document.body.append(dialog);
  dialog.showModal();
}

// Waits until nobody types any more.
export function later(then, ms = 250) {
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => then(...args), ms);
  };
}

// A list that is asked for page by page: `ask(mark)` gives [rows, the next mark or null].
export function paged(show, ask, more = "More") {
  const rows = h("div", {});
  const next = button(more, () => load(mark), { hidden: true, "data-test": "more" });
  let mark = null;
  let turn = 0;
  let all = [];
  async function load(from) {
    const mine = ++turn;
    try {
      const [found, after] = await ask(from);
      if (mine !== turn) return;
      all = from === null ? found : all.concat(found);
      mark = after;
      rows.replaceChildren(show(all));
      next.hidden = mark === null;
    } catch (error) {
      if (mine === turn) rows.replaceChildren(problem(error));
    }
  }
  return { element: h("div", {}, rows, next), reload: () => load(null) };
}
