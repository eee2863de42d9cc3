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

// A text with the signs shown that would turn round what stands beside it. An isolation that
// is not closed gets out of a `bdi` as well.
export const plain = (text) => String(text ?? "").replace(/[\u202a-\u202e\u2066-\u2069]/g,
  (sign) => `[U+${sign.codePointAt(0).toString(16).toUpperCase()}]`);

// What somebody typed: it goes its own way round and takes no other text along.
export const typed = (text) => (text ? h("bdi", {}, plain(text)) : "");

export const link = (page, ...parts) => `#/${[page, ...parts.map(encodeURIComponent)].join("/")}`;

const nearest = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS = [[60, "second", 1], [3600, "minute", 60], [86400, "hour", 3600], [7 * 86400, "day", 86400]];

// A time, near ones as people say them.
export function when(ms) {
  if (!ms) return h("span", { class: "quiet" }, "never");
  const date = new Date(ms);
  // A ban for more years than there are dates.
  if (Number.isNaN(date.getTime())) return h("span", { class: "quiet" }, "in thousands of years");
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
  // The roles are said again: as cards they would be no table any more for a screen reader.
  const head = columns.map(([title, , kind]) =>
    h("th", { scope: "col", role: "columnheader", class: kind }, title));
  const body = rows.map((row) => h("tr", { role: "row" }, columns.map(([title, cell, kind]) => {
    const content = cell(row);
    const label = kind === "act" || title === "" ? undefined : title;
    return h("td", { role: "cell", class: kind, "data-label": label }, content ?? "");
  })));
  const isNamed = columns.some(([title]) => title !== "");
  return h("table", { role: "table" },
    isNamed ? h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)) : null,
    h("tbody", { role: "rowgroup" }, body));
}

export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined);
  return h("dl", { class: "facts" }, shown.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

export const tag = (text, kind = "") => h("span", { class: `tag ${kind}` }, text);

export const online = (is) => (is ? tag("online", "good") : tag("offline"));

export const problem = (error) => h("p", { class: "problem", role: "alert" }, plain(error.message));

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
  const shown = h("p", {}, plain(text));
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

// Takes questions away whose page is gone. What is told once stays.
export function closeQuestions() {
  for (const dialog of document.querySelectorAll("dialog.question")) dialog.close();
}

// Asks before something is done. `act` gets what was typed; what it throws is shown.
// Returns what `act` returns, or undefined when nothing was done. While it is being done the
// question cannot be closed: a password that is told once would be lost.
export function ask({ title, text, fields = [], verb, danger = false, act }) {
  return new Promise((resolve) => {
    let result;
    const trouble = h("div", {});
    const go = h("button", { type: "submit", class: danger ? "primary danger" : "primary", "data-test": "confirm" }, verb);
    const heading = h("h2", { id: "question" }, plain(title));
    const cancel = button("Cancel", () => dialog.close(), { "data-test": "cancel" });
    const form = h("form", {
      onsubmit: async (event) => {
        event.preventDefault();
        go.disabled = cancel.disabled = true;
        trouble.replaceChildren();
        try {
          result = await act(Object.fromEntries(new FormData(form)));
          go.disabled = cancel.disabled = false;
          dialog.close();
        } catch (error) {
          go.disabled = cancel.disabled = false;
          trouble.replaceChildren(problem(error));
          trouble.scrollIntoView({ block: "nearest" });
        }
      },
    }, heading, text && h("p", {}, plain(text)), trouble, fields, h("div", { class: "actions" }, cancel, go));
    const dialog = h("dialog", {
      class: "question",
      "aria-labelledby": "question",
      // A browser may close it all the same.
      onclose: () => {
        if (go.disabled) return dialog.showModal();
        dialog.remove();
        return resolve(result);
      },
    }, form);
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
  let isRead = false;
  const read = () => {
    isRead = true;
    dialog.close();
  };
  const close = button("I have it", read, { class: "primary", "data-test": "close" });
  const dialog = h("dialog", {
    "aria-labelledby": "told",
    onclose: () => (isRead ? dialog.remove() : dialog.showModal()),
  }, h("h2", { id: "told" }, plain(title)), h("p", {}, plain(text)),
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
  const trouble = h("div", {});
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
      trouble.replaceChildren();
      next.hidden = mark === null;
    } catch (error) {
      if (mine === turn) trouble.replaceChildren(problem(error));
    }
  }
  return { element: h("div", {}, rows, trouble, next), reload: () => load(null) };
}
