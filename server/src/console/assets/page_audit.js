// What operators did.

import { act } from "./api.js";
import { h, list, paged, tag, typed, when } from "./dom.js";

const PAGE = 50;

export async function audit() {
  const columns = [
    ["When", (row) => when(row.at_ms)],
    ["Who", (row) => h("span", {}, typed(row.actor), " ", h("small", {}, row.via))],
    ["What", (row) => row.verb],
    ["On", (row) => typed(row.subject)],
    ["Outcome", (row) => (row.outcome === "done" ? tag("done", "good") : typed(row.outcome))],
    ["Why", (row) => typed(row.reason)],
  ];
  const found = paged(
    (rows) => list(columns, rows, "Nothing was done yet."),
    async (before) => {
      const { entries } = await act("audit", { since_s: null, before, limit: PAGE });
      const oldest = entries[0]?.id ?? null;
      return [entries.reverse(), entries.length < PAGE ? null : oldest];
    },
    "Older entries",
  );
  await found.reload();
  return [h("h1", {}, "Audit log"), h("section", { class: "card" }, found.element)];
}
