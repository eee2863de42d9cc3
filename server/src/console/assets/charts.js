// Small charts of the last hour.

import { h, number } from "./dom.js";

const NAMES = {
  connections: "Connections",
  players: "Players online",
  lines_per_s: "Lines a second",
  deliveries_per_s: "Deliveries a second",
  denials_per_s: "Denials a second",
  flush_p99_ms: "99 of 100 flushes, ms",
  hash_queue: "Passwords being hashed",
};
const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 64;

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

const short = (value) => number(value >= 10 ? Math.round(value) : Math.round(value * 100) / 100);

const clock = (ms, style = "medium") => new Date(ms).toLocaleTimeString(undefined, { timeStyle: style });
// How long a touched value stays.
const TOUCHED_MS = 4000;

// A card for each name; `show(figures)` draws them anew.
export function charts() {
  const element = h("div", { class: "charts" });
  const cards = new Map();
  return {
    element,
    show({ names, samples }) {
      names.forEach((name, at) => {
        if (!cards.has(name)) {
          const made = chart(NAMES[name] ?? name);
          cards.set(name, made);
          element.append(made.element);
        }
        cards.get(name).show(samples.map((sample) => [sample[0], sample[at + 1]]));
      });
    },
  };
}

function chart(title) {
  const value = h("output", {}, "–");
  const from = h("span", {});
  const range = h("span", {});
  const area = svg("path", { class: "area" });
  const curve = svg("path", { class: "curve" });
  const mark = svg("line", { y1: 0, y2: HEIGHT, visibility: "hidden" });
  const picture = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
  picture.append(area, curve, mark);
  let points = [];
  let pointed = null;
  let timer;

  const x = (at) => (points.length < 2 ? WIDTH : (at / (points.length - 1)) * WIDTH);

  function label() {
    const last = points.at(-1);
    const point = pointed === null ? last : points[pointed];
    value.textContent = point ? short(point[1]) : "–";
    from.textContent = pointed === null ? (points.length > 1 ? `since ${clock(points[0][0], "short")}` : "") : clock(point[0]);
    mark.setAttribute("visibility", pointed === null ? "hidden" : "visible");
    if (pointed !== null) {
      mark.setAttribute("x1", x(pointed));
      mark.setAttribute("x2", x(pointed));
    }
  }

  function point(event) {
    clearTimeout(timer);
    if (points.length === 0) return;
    const box = picture.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    pointed = Math.round(share * (points.length - 1));
    label();
  }
  picture.addEventListener("pointermove", point);
  picture.addEventListener("pointerdown", point);
  function unpoint() {
    pointed = null;
    label();
  }
  picture.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "touch") timer = setTimeout(unpoint, TOUCHED_MS);
    else unpoint();
  });

  return {
    element: h("figure", { class: "chart" }, h("h2", {}, title), value, picture, h("small", { class: "quiet" }, from, range)),
    show(all) {
      // Whoever looks at a value goes on looking at it.
      const at = pointed === null ? null : points[pointed][0];
      points = all;
      pointed = at === null ? null : points.findIndex(([then]) => then >= at);
      if (pointed === -1) pointed = null;
      const most = Math.max(...points.map(([, of]) => of), 0);
      const y = (of) => (most === 0 ? HEIGHT - 1 : HEIGHT - 1 - (of / most) * (HEIGHT - 4));
      const steps = points.map(([, of], at) => `${x(at).toFixed(1)} ${y(of).toFixed(1)}`);
      const path = steps.length ? `M${steps.join("L")}` : "";
      curve.setAttribute("d", path);
      area.setAttribute("d", path && `${path}L${WIDTH} ${HEIGHT}L${x(0).toFixed(1)} ${HEIGHT}Z`);
      picture.setAttribute("aria-label", `${title}: now ${short(points.at(-1)?.[1] ?? 0)}, at most ${short(most)}`);
      range.textContent = points.length ? `at most ${short(most)}` : "";
      label();
    },
  };
}
