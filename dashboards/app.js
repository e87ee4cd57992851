/* psmon: the page. Polls /api/ring, draws the ring, the top list, the alarms and one supply.
 * No library, nothing from elsewhere, nothing written. SPDX-License-Identifier: MIT */
"use strict";

const POLL_MS = 4000;
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

const state = {
  ring: null,        /* the last full /api/ring */
  live: null,        /* the last answer, full or short */
  heardAt: 0,        /* performance.now() of it */
  selected: null,    /* name of the supply shown */
  cells: [],         /* per supply: its <g> */
  order: [],         /* grid of supply indexes [line][place] for the arrow keys; -1: hole */
  focus: -1,         /* supply that holds the map's tab stop */
  narrow: null,      /* a line per sector */
  phone: null,
};

/* ---- small tools ---- */

function el(tag, attrs, ...children) {
  const e = document.createElement(tag);
  for (const k in attrs || {}) e.setAttribute(k, attrs[k]);
  e.append(...children);
  return e;
}

function svg(tag, attrs, ...children) {
  const e = document.createElementNS(SVG, tag);
  for (const k in attrs || {}) e.setAttribute(k, attrs[k]);
  e.append(...children);
  return e;
}

function capital(s) { return s.charAt(0).toUpperCase() + s.slice(1); }

function setText(id, text) {
  const e = $(id);
  if (e.textContent !== text) e.textContent = text;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
function pad(n) { return String(n).padStart(2, "0"); }
function day(iso) {
  const d = new Date(iso);
  return d.getUTCDate() + " " + MONTHS[d.getUTCMonth()];
}
function moment(iso) {
  const d = new Date(iso);
  return day(iso) + " " + pad(d.getUTCHours()) + ":" + pad(d.getUTCMinutes());
}

function duration(s) {
  if (s < 90) return Math.round(s) + " s";
  if (s < 5400) return Math.round(s / 60) + " min";
  if (s < 172800) return (s / 3600).toFixed(s < 36000 ? 1 : 0) + " h";
  return Math.round(s / 86400) + " days";
}

function figure(v, unit) {
  if (v === null || v === undefined) return "–";
  const a = Math.abs(v);
  const digits = a >= 1000 ? 0 : a >= 100 ? 1 : a >= 10 ? 2 : a >= 1 ? 3 : a >= 0.01 ? 4 : 6;
  const text = unit === "" || !unit ? v.toFixed(digits) : v.toFixed(digits) + "\u202f" + unit;
  return text.replace("-", "\u2212");
}
/* ---- what a cell looks like ---- */

/* Bands of chance, per week over the ring. */
const BANDS = [
  { below: 0.01, cls: "b4", text: "rarer than once in 100 weeks" },
  { below: 0.1, cls: "b3", text: "once in 10 to 100 weeks" },
  { below: 1, cls: "b2", text: "once in 1 to 10 weeks" },
  { below: 10, cls: "b1", text: "1 to 10 times a week" },
  { below: Infinity, cls: "b0", text: "ordinary" },
];
function band(chance) {
  if (chance === null) return "b0";
  return BANDS.find((b) => chance < b.below).cls;
}

/* Shapes of what is not scored; a 10 by 10 cell. */
const GLYPHS = {
  "maintenance": { d: "M1 9L9 1M1 5L5 1M5 9L9 5", text: "maintenance" },
  "missing": { d: "M2 2L8 8M8 2L2 8", text: "missing, stale, invalid or no number" },
  "off": { d: "M3 5H7", text: "off" },
  "moving": { d: "M2 7L5 3L8 7", text: "ramping or settling" },
  "unknown": { d: "M5 4.9V5.1", text: "no model, mode never seen, too few samples, after work" },
};
function glyphOf(reason) {
  switch (reason) {
    case "maintenance": return "maintenance";
    case "missing": case "stale": case "invalid": case "no number": return "missing";
    case "off": return "off";
    case "ramping": case "settling": return "moving";
    default: return "unknown";
  }
}
/* Marks of open findings. */
const MARKS = { equipment: "M5 2.4A2.6 2.6 0 1 1 4.99 2.4Z", sensor: "M5 2L8 7.5H2Z", data: "M2.8 2.8H7.2V7.2H2.8Z" };

/* ---- the map ---- */

/* Families in the fleet's order; within a family and sector, supplies in the fleet's order. */
function slots(ring) {
  const depth = ring.families.map(() => 0);
  const lists = ring.sectors.map(() => ring.families.map(() => []));
  ring.supply.forEach((_, i) => lists[ring.sector[i]][ring.family[i]].push(i));
  for (const sector of lists) sector.forEach((l, f) => { depth[f] = Math.max(depth[f], l.length); });
  return { depth, lists };
}

function isNarrow() { return window.matchMedia("(max-width: 640px)").matches; }

/* Wide: a column per sector. Narrow, for phones and for rings of few sectors: a line per sector. */
function buildMap(ring) {
  const { depth, lists } = slots(ring);
  const perSector = depth.reduce((a, b) => a + b, 0);
  const narrow = state.narrow = (state.phone = isNarrow()) || ring.sectors.length < perSector;
  const longest = Math.max(...ring.families.map((n) => n.length), 1);
  const pitch = 11, gap = 7, label = narrow ? 30 : Math.min(92, 12 + 4.6 * longest), head = narrow ? 14 : 16;
  const at = []; /* [family][k] along the supply axis */
  let end = 0;
  depth.forEach((n, f) => {
    at[f] = [];
    for (let k = 0; k < n; k++, end += pitch) at[f].push(end);
    end += gap;
  });
  end -= gap;
  const across = ring.sectors.length * pitch;
  const w = label + (narrow ? end : across), h = head + (narrow ? across : end);
  const root = svg("svg", { viewBox: `0 0 ${w} ${h}`, role: "grid", class: narrow ? "narrow" : "wide",
    "aria-label": "Supplies by sector; arrow keys move, Enter opens" });
  root.style.maxWidth = w * 2.2 + "px"; /* few supplies need not fill the screen */
  ring.families.forEach((name, f) => {
    if (!depth[f]) return;
    const mid = (at[f][0] + at[f][depth[f] - 1] + pitch) / 2;
    const attrs = narrow ? { x: label + mid, y: 9, "text-anchor": "middle" }
      : { x: label - 6, y: head + mid + 3, "text-anchor": "end" };
    root.append(svg("text", { ...attrs, class: "family" }, shortName(name.replaceAll("_", " "), narrow ? Math.round(depth[f] * 2.2) : 19)));
  });
  ring.sectors.forEach((name, s) => {
    const p = s * pitch + pitch / 2;
    const every = ring.sectors.length > 24 && s % 2 === 1 && !narrow;
    if (every) return;
    const attrs = narrow ? { x: label - 4, y: head + p + 2.6, "text-anchor": "end" }
      : { x: label + p, y: 10, "text-anchor": "middle" };
    root.append(svg("text", { ...attrs, class: "sector" }, shortName(name, narrow ? 6 : 4)));
  });
  state.cells = [];
  state.order = [];
  ring.sectors.forEach((_, s) => {
    const line = [];
    const row = svg("g", { role: "row", "aria-label": "sector " + ring.sectors[s] });
    depth.forEach((n, f) => {
      for (let k = 0; k < n; k++) {
        const i = lists[s][f][k];
        line.push(i === undefined ? -1 : i);
        if (i === undefined) continue;
        const x = narrow ? label + at[f][k] : label + s * pitch, y = narrow ? head + s * pitch : head + at[f][k];
        row.append(buildCell(i, x, y));
      }
    });
    state.order.push(line);
    root.append(row);
  });
  $("map").replaceChildren(root);
  if (state.focus < 0 || state.focus >= ring.supply.length) state.focus = lists.flat(2)[0] ?? -1;
  if (state.focus >= 0) state.cells[state.focus].setAttribute("tabindex", "0");
}

function shortName(name, room) { return name.length <= room ? name : name.slice(0, Math.max(1, room - 1)) + "…"; }

function buildCell(i, x, y) {
  const g = svg("g", { class: "cell", transform: `translate(${x} ${y})`, role: "gridcell", tabindex: "-1", "data-i": i },
    svg("rect", { width: 10, height: 10, rx: 1.6 }), svg("path", { class: "glyph", d: "" }));
  state.cells[i] = g;
  return g;
}

/* What each supply shows: band or reason, mark, words. */
function describe(ring) {
  const own = new Map(), common = new Map();
  for (const f of ring.findings)
    for (const i of f.members) {
      const to = f.class === "common" || f.members.length > 1 ? common : own;
      const was = to.get(i);
      if (!was || rankOfClass(f.class) < rankOfClass(was.class)) to.set(i, f);
    }
  return ring.supply.map((name, i) => {
    const scored = ring.reason[i] === 0 && ring.score[i] !== null;
    const reason = ring.reasons[ring.reason[i]] || "no tick yet";
    const f = own.get(i), c = common.get(i);
    const parts = [];
    if (f) parts.push(f.reason + ", since " + day(f.onset));
    if (c) parts.push("common to " + (c.subject === "*" ? "the ring" : c.subject) + ": " + c.reason);
    if (!scored) parts.push("not scored: " + reason);
    const chance = f && f.chance !== null ? f.chance : ring.chance[i];
    const words = f && f.chance !== null ? f.chance_words : ring.chance_words[ring.chance_word[i]];
    if (words && scored) parts.push("by chance " + words + " over the ring");
    return {
      cls: "cell " + (scored ? band(chance ?? null) : "out") + (c ? " common" : ""),
      glyph: f && MARKS[f.class] ? MARKS[f.class] : scored ? "" : GLYPHS[glyphOf(reason)].d,
      mark: f && MARKS[f.class] ? " mark m-" + f.class : "",
      what: parts.join("; "), name,
    };
  });
}
function rankOfClass(c) { return ["equipment", "sensor", "common", "data"].indexOf(c); }

function paintMap(ring) {
  state.what = describe(ring);
  state.what.forEach((d, i) => {
    const g = state.cells[i];
    const cls = d.cls + d.mark + (state.selected === d.name ? " selected" : "");
    if (g.getAttribute("class") !== cls) g.setAttribute("class", cls);
    const p = g.lastChild;
    if (p.getAttribute("d") !== d.glyph) p.setAttribute("d", d.glyph);
    const label = d.name + ": " + (d.what || "ordinary");
    if (g.getAttribute("aria-label") !== label) g.setAttribute("aria-label", label);
  });
}

function swatch(cls, glyph) {
  const g = svg("g", { class: "cell " + cls }, svg("rect", { width: 10, height: 10, rx: 1.6 }),
    svg("path", { class: "glyph", d: glyph || "" }));
  return svg("svg", { viewBox: "-1 -1 12 12", class: "swatch", "aria-hidden": "true" }, g);
}

function paintLegend(ring) {
  const count = new Map();
  const add = (k) => count.set(k, (count.get(k) || 0) + 1);
  state.what.forEach((d, i) => {
    if (d.cls.includes("out")) add(glyphOf(ring.reasons[ring.reason[i]]));
    else add(d.cls.slice(5, 7));
  });
  const item = (sw, text, key) => el("span", { class: "item" }, sw, text,
    key ? el("b", {}, String(count.get(key) || 0)) : "");
  const scale = el("div", { class: "group" }, el("span", { class: "caption" }, "By chance"));
  for (const b of [...BANDS].reverse()) scale.append(item(swatch(b.cls), b.text, b.cls));
  const marks = el("div", { class: "group" }, el("span", { class: "caption" }, "Open finding"),
    item(swatch("b4 mark m-equipment", MARKS.equipment), "equipment"),
    item(swatch("b3 mark m-sensor", MARKS.sensor), "sensor"), item(swatch("out mark m-data", MARKS.data), "data"),
    item(swatch("b1 common"), "common cause"));
  const out = el("div", { class: "group" }, el("span", { class: "caption" }, "Not scored"));
  for (const k in GLYPHS) if (count.get(k)) out.append(item(swatch("out", GLYPHS[k].d), GLYPHS[k].text, k));
  $("legend").replaceChildren(scale, marks, ...(out.children.length > 1 ? [out] : []));
}

function paintLedger(ring) {
  const total = ring.supply.length;
  const scored = ring.ledger["scored"] || 0;
  setText("scored", `${scored.toLocaleString("en-GB")} of ${total.toLocaleString("en-GB")} supplies scored`);
  const parts = Object.entries(ring.ledger).filter(([k, n]) => n > 0 && k !== "scored");
  $("ledger").textContent = parts.length
    ? "Not scored: " + parts.map(([k, n]) => `${n.toLocaleString("en-GB")} ${k}`).join(", ") + "."
    : "Every supply is scored.";
}

/* ---- tip, keys, clicks ---- */

function showTip(g) {
  const d = state.what && state.what[g.dataset.i];
  if (!d) return;
  const tip = $("tip");
  tip.replaceChildren(el("b", {}, d.name), " ", d.what || "ordinary");
  tip.hidden = false;
  const r = g.getBoundingClientRect(), t = tip.getBoundingClientRect();
  const x = Math.min(Math.max(8, r.left + r.width / 2 - t.width / 2), document.documentElement.clientWidth - t.width - 8);
  const y = r.top - t.height - 8 < 4 ? r.bottom + 8 : r.top - t.height - 8;
  tip.style.left = x + "px";
  tip.style.top = y + "px";
}
function hideTip() { $("tip").hidden = true; }

function moveFocus(from, dx, dy) {
  let s = state.order.findIndex((l) => l.includes(from));
  let k = state.order[s].indexOf(from);
  const [ds, dk] = state.narrow ? [dy, dx] : [dx, dy];
  for (;;) {
    s += ds; k += dk;
    if (s < 0 || s >= state.order.length || k < 0 || k >= state.order[s].length) return;
    if (state.order[s][k] >= 0) break;
  }
  focusCell(state.order[s][k]);
}

function focusCell(i) {
  if (state.focus >= 0) state.cells[state.focus].setAttribute("tabindex", "-1");
  state.focus = i;
  state.cells[i].setAttribute("tabindex", "0");
  state.cells[i].focus({ preventScroll: false });
}

function listenMap() {
  const map = $("map");
  const cell = (e) => e.target.closest ? e.target.closest(".cell[data-i]") : null;
  map.addEventListener("pointerover", (e) => { const g = cell(e); if (g) showTip(g); else hideTip(); });
  map.addEventListener("pointerleave", hideTip);
  map.addEventListener("focusin", (e) => { const g = cell(e); if (g) showTip(g); });
  map.addEventListener("focusout", hideTip);
  map.addEventListener("click", (e) => { const g = cell(e); if (g) open(state.ring.supply[g.dataset.i]); });
  map.addEventListener("keydown", (e) => {
    const g = cell(e);
    if (!g) return;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[e.key];
    if (step) moveFocus(Number(g.dataset.i), ...step);
    else if (e.key === "Enter" || e.key === " ") open(state.ring.supply[g.dataset.i]);
    else if (e.key === "Escape") hideTip();
    else return;
    e.preventDefault();
  });
  window.addEventListener("scroll", hideTip, { passive: true });
  window.addEventListener("resize", () => {
    if (state.ring && isNarrow() !== state.phone) { buildMap(state.ring); paintMap(state.ring); }
  });
}

/* ---- lists ---- */

function supplyLink(name) { return el("a", { href: "#" + encodeURIComponent(name), class: "name" }, name); }

/* What the weekly list would say now: what to inspect, what to watch, and one line of the rest. */
async function loadRanking() {
  const r = await get("api/ranking?limit=20");
  const rows = r.rows.filter((x) => x.rank > 0);
  $("toplist").replaceChildren(...rows.map((x) =>
    el("li", { class: x.finding ? "found" : "quiet" },
      el("span", { class: "rank" }, String(x.rank)),
      swatch(x.finding ? band(x.chance) : "b0", ""),
      el("span", { class: "what" }, x.family ? supplyLink(x.supply) : el("span", { class: "name" }, x.supply),
        el("span", { class: "place" }, x.family ? `${x.family.replaceAll("_", " ")}, ${x.sector}` : `${x.supplies} supplies`),
        el("span", { class: "reason" }, (x.part === "watch" ? "watch: " : "") + x.reason)),
      el("span", { class: "score", title: "priority" }, x.part === "watch" ? "" : x.priority))));
  if (r.rest) $("toplist").append(el("li", { class: "none" }, r.rest[0].toUpperCase() + r.rest.slice(1) + "."));
}

/* Whether the stated chance held; asked of the history once a day. */
async function loadAudit() {
  let a = null;
  try { a = await get("api/audit"); } catch (e) { /* not yet */ }
  $("audit").hidden = !a;
  if (a) setText("audit", "· " + a.says);
}

const STATES = { PENDING: "pending", UNACK: "active, not acknowledged", ACK: "active, acknowledged",
  RTN_UNACK: "returned, not acknowledged" };

/* A supply's name leads to it; a group's does not. */
function subject(name) {
  return state.ring && state.ring.supply.includes(name) ? supplyLink(name) : el("span", { class: "name" }, name);
}

/* The findings of an event of several, folded; open ones stay open when the list is drawn anew. */
function eventFindings(a, unfolded) {
  if (a.findings < 2) return [];
  const over = a.findings - a.open_findings, more = a.findings - a.children.length;
  const rows = a.children.map((c) => el("li", null, subject(c.subject),
    el("span", { class: "reason" }, c.text + (c.closed ? `; over since ${moment(c.closed)}` : ""))));
  if (more > 0) rows.push(el("li", null, `and ${more} more: psmon alarm show ${a.occurrence}`));
  const details = el("details", { class: "children", "data-occurrence": a.occurrence },
    el("summary", null, `${a.findings} findings` + (over ? `, ${over} over` : "")), el("ul", null, ...rows));
  details.open = unfolded.has(a.occurrence);
  return [details];
}

async function loadAlarms() {
  const { alarms } = await get("api/alarms");
  const unfolded = new Set([...document.querySelectorAll("#alarms details[open]")].map((d) => d.dataset.occurrence));
  setText("alarm-count", alarms.length ? String(alarms.length) : "");
  $("alarms").replaceChildren(...alarms.map((a) => {
    const who = a.acknowledged ? `acknowledged${a.acknowledged_by ? " by " + a.acknowledged_by : ""}` +
      (a.note ? `: ${a.note}` : "") : "";
    return el("li", { class: a.acknowledged ? "acked" : "open" },
      el("span", { class: "what" }, subject(a.subject),
        el("span", { class: "place" }, a.class + ", " + (STATES[a.state] || a.state.toLowerCase())),
        el("span", { class: "reason" }, a.text),
        el("span", { class: "when" }, [a.raised ? "since " + moment(a.raised) : "",
          a.returned ? "returned " + moment(a.returned) : "", who,
          a.flood ? "one of too many to tell one by one" : ""].filter(Boolean).join(" · "))),
      ...eventFindings(a, unfolded));
  }));
  if (!alarms.length) $("alarms").replaceChildren(el("li", { class: "none" }, "No open alarm."));
}

/* ---- one supply ---- */

function open(name) {
  const hash = "#" + encodeURIComponent(name);
  if (location.hash !== hash) location.hash = hash;
  else show(name, true);
}

async function show(name, scroll) {
  const box = $("supply");
  if (!name) {
    const was = state.ring ? state.ring.supply.indexOf(state.selected) : -1;
    state.selected = null;
    box.hidden = true;
    if (state.ring) paintMap(state.ring);
    if (was >= 0 && scroll) focusCell(was);
    return;
  }
  let s;
  try { s = await get("api/supply?name=" + encodeURIComponent(name)); } catch (e) {
    if (scroll) { box.hidden = false; setText("supply-name", name); setText("supply-why", e.message); }
    return;
  }
  const fresh = state.selected !== name;
  state.selected = name;
  setText("supply-name", s.supply);
  setText("supply-place", ["family", "sector", "water", "rack", "feeder"].filter((k) => s[k])
    .map((k) => (k === "family" ? "" : k + " ") + s[k]).join(" · "));
  setText("supply-why", s.findings.length
    ? s.findings.map((f) => `${f.class}: ${f.reason}, since ${moment(f.onset)}` +
        (f.chance_words ? `; by chance ${f.chance_words}` : "") + (f.witness ? "; a second witness agrees" : "")).join(". ") + "."
    : s.reason !== "scored" ? `Not scored: ${s.reason}.`
    : s.fullness < 0.5 ? `No finding; its 12 h are ${Math.round(100 * s.fullness)} % full: shapes are not judged yet.` : "No finding.");
  const fact = (k, v) => el("div", {}, el("dt", {}, k), el("dd", {}, v));
  const facts = [fact("Mode", s.mode || "–"), fact("Score", s.score === null || s.score === undefined ? "–" : s.score.toFixed(2)),
    fact("By chance", s.chance_words || "–")];
  for (const f of (s.figures || []).filter((g) => !g.per_channel))
    facts.push(fact(f.words[0].toUpperCase() + f.words.slice(1), figure(s[f.name] ?? null, f.unit)));
  if (s.last_work) facts.push(fact("Last work", `${s.last_work.work}, ${day(s.last_work.start)}`));
  $("supply-facts").replaceChildren(...facts);
  $("signals").replaceChildren(...s.signals.map((c) => signalCard(c, s)));
  box.hidden = false;
  if (state.ring) paintMap(state.ring);
  if (scroll && fresh) { box.scrollIntoView({ behavior: "auto", block: "start" }); box.focus({ preventScroll: true }); }
}

function signalCard(c, s) {
  const card = el("article", { class: "signal" + (c.quality === "ok" || c.quality === "held" ? "" : " bad") },
    el("h3", {}, capital(c.signal_words),
      el("span", { class: "now" }, c.quality && c.quality !== "ok" && c.quality !== "held" ? c.quality : figure(c.value ?? null, c.unit_words))));
  card.append(lineChart(c.values, s, "value", `${c.signal_words}, last 24 hours`));
  if (c.residuals.some((v) => v !== null)) {
    const known = c.residuals.filter((v) => v !== null);
    card.append(el("p", { class: "caption" }, "not explained by its drivers",
      el("span", { class: "now" }, known.length ? figure(c.residual ?? null, c.residual_unit) : "")));
    card.append(lineChart(c.residuals, s, "residual", `${c.signal_words} residual, last 24 hours`));
  }
  const figures = [];
  for (const f of (s.figures || []).filter((g) => g.per_channel && c[g.name] !== null && c[g.name] !== undefined))
    figures.push(`${f.words} ${c[f.name].toFixed(f.unit === "sd" ? 1 : 3).replace("-", "\u2212")} ${f.unit || c.residual_unit || ""}`.trim());
  if (c.histogram) card.append(histogram(c.histogram));
  card.append(el("p", { class: "figures" }, figures.join(" · ") || (c.signal === "dac" ? "set-point: a driver, not judged by itself" : "no figures yet")));
  return card;
}

/* Values at equal steps up to trace_end; a hole stays a hole. */
function lineChart(values, s, cls, title) {
  const W = 300, H = cls === "value" ? 84 : 60, left = 46, right = 4, top = 6, bottom = 14;
  const root = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart " + cls, role: "img", "aria-label": title });
  const known = values.filter((v) => v !== null);
  if (!known.length) {
    root.append(svg("text", { x: W / 2, y: H / 2, "text-anchor": "middle" }, "no data"));
    return root;
  }
  let lo = Math.min(...known), hi = Math.max(...known);
  if (cls === "residual") { lo = Math.min(lo, 0); hi = Math.max(hi, 0); }
  const spread = hi - lo || Math.abs(hi) * 1e-3 || 1;
  const mid = (lo + hi) / 2;
  lo = mid - spread * 0.54; hi = mid + spread * 0.54;
  const x = (k) => left + (W - left - right) * (values.length > 1 ? k / (values.length - 1) : 1);
  const y = (v) => top + (H - top - bottom) * (1 - (v - lo) / (hi - lo));
  const endMs = Date.parse(s.trace_end), stepMs = s.trace_step_s * 1000;
  for (let t = Math.ceil((endMs - stepMs * (values.length - 1)) / 21600000) * 21600000; t <= endMs; t += 21600000) {
    const at = x(values.length - 1 - (endMs - t) / stepMs);
    root.append(svg("line", { class: "tick", x1: at, x2: at, y1: top, y2: H - bottom }));
    if (at < W - 12 && at > left + 8) root.append(svg("text", { x: at, y: H - 3, "text-anchor": "middle" }, pad(new Date(t).getUTCHours()) + ":00"));
  }
  if (cls === "residual" && lo < 0 && hi > 0)
    root.append(svg("line", { class: "zero", x1: left, x2: W - right, y1: y(0), y2: y(0) }));
  const short = (v) => (Math.abs(spread) >= 20 ? v.toFixed(0) : spread >= 2 ? v.toFixed(1) : spread >= 0.2 ? v.toFixed(2)
    : spread >= 0.02 ? v.toFixed(3) : v.toPrecision(3)).replace("-", "\u2212");
  root.append(svg("text", { x: left - 5, y: top + 6, "text-anchor": "end" }, short(Math.max(...known))),
    svg("text", { x: left - 5, y: H - bottom, "text-anchor": "end" }, short(Math.min(...known))));
  let d = "", pen = false;
  values.forEach((v, k) => {
    if (v === null) { pen = false; return; }
    const alone = !pen && (k + 1 >= values.length || values[k + 1] === null);
    d += (pen ? "L" : "M") + x(k).toFixed(1) + " " + y(v).toFixed(1) + (alone ? "h1" : "");
    pen = true;
  });
  root.append(svg("path", { class: "line", d }));
  return root;
}

/* Ten bins that hold a tenth of the reference each: outlines; what they hold now: bars. */
function histogram(h) {
  const W = 300, H = 64, left = 46, right = 4, bottom = 14, top = 6;
  const was = h.reference.reduce((a, b) => a + b, 0) || 1, is = h.now.reduce((a, b) => a + b, 0) || 1;
  const p = h.reference.map((n) => n / was), q = h.now.map((n) => n / is);
  const most = Math.max(...p, ...q, 0.2), n = p.length, step = (W - left - right) / n;
  const root = svg("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart hist", role: "img",
    "aria-label": "share of the last 12 hours in ten bins of the reference: " + q.map((v) => Math.round(v * 100) + " %").join(", ") });
  const height = (v) => (H - top - bottom) * v / most;
  for (let b = 0; b < n; b++) {
    const x = left + b * step;
    root.append(svg("rect", { class: "is", x: x + 1.5, width: step - 3, y: H - bottom - height(q[b]), height: height(q[b]) }),
      svg("rect", { class: "was", x: x + 1.5, width: step - 3, y: H - bottom - height(p[b]), height: height(p[b]) }));
  }
  const short = (v) => (v === null ? "" : Number(v.toPrecision(3)) + "").replace("-", "\u2212");
  root.append(svg("text", { x: left - 5, y: top + 6, "text-anchor": "end" }, Math.round(most * 100) + " %"),
    svg("text", { x: left + step, y: H - 3, "text-anchor": "middle" }, short(h.edges[0])),
    svg("text", { x: left + step * 5, y: H - 3, "text-anchor": "middle" }, short(h.edges[4])),
    svg("text", { x: left + step * 9, y: H - 3, "text-anchor": "middle" }, short(h.edges[n - 2])));
  return root;
}

/* ---- state of the monitor ---- */

function paintState() {
  const s = state.live;
  const banner = $("banner");
  const silent = (performance.now() - state.heardAt) / 1000;
  if (!s) {
    if (state.failed) tell(banner, "bad", "The monitor does not answer: " + state.failed);
    return;
  }
  const speed = s.speed || 1;
  const lost = silent > 3 * POLL_MS / 1000 + 2;
  const age = s.tick ? Math.max(0, (Date.parse(s.now) - Date.parse(s.tick)) / 1000 + silent * speed) : null;
  const old = age === null || age > 5 * s.period_s * Math.max(1, speed / 20);
  setText("phase", s.phase || s.health);
  setText("run", s.run && s.run !== "live" ? "run " + s.run : s.speed && s.speed !== 1 ? `simulated time, ${s.speed} ×` : "");
  setText("model", s.model ? "model " + s.model : "no model");
  setText("tick", s.tick ? "Data of " + moment(s.tick) + " UTC" : "no data yet");
  setText("age", age === null ? "" : duration(age) + " old");
  document.body.className = lost ? "lost" : old ? "stale" : "";
  $("phase").className = "phase " + s.health;
  $("report").hidden = $("report-forms").hidden = !s.report;
  $("no-report").hidden = s.report;
  if (lost) tell(banner, "bad", `The monitor has not answered for ${duration(silent)}. What you see is what it said last.`);
  else if (s.health === "failing") tell(banner, "bad", sentence(s.why));
  else if (old && s.tick) tell(banner, "warn", `The data are ${duration(age)} old. ` + sentence(s.why));
  else if (s.why.length) tell(banner, "warn", sentence(s.why));
  else banner.hidden = true;
}
function sentence(why) {
  return why.map((w) => capital(w) + ".").join(" ");
}
function tell(banner, cls, text) {
  banner.className = "banner " + cls;
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = false;
}

async function get(url) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 8000);
  try {
    const r = await fetch(url, { signal: stop.signal, cache: "no-store" });
    const body = await r.json();
    if (!r.ok) throw new Error(body.error || "HTTP " + r.status);
    return body;
  } finally { clearTimeout(timer); }
}

async function poll() {
  try {
    const since = state.ring ? "?since=" + encodeURIComponent(state.ring.version) : "";
    const s = await get("api/ring" + since);
    state.live = s;
    state.heardAt = performance.now();
    state.failed = null;
    if (!s.unchanged && s.supply) {
      const rebuild = !state.ring || state.ring.supply.length !== s.supply.length ||
        state.ring.version.split("-")[0] !== s.version.split("-")[0];
      state.ring = s;
      if (rebuild) buildMap(s);
      paintMap(s);
      paintLegend(s);
      paintLedger(s);
      await loadRanking();
      await loadAudit();
      if (state.selected) await show(state.selected, false);
    }
    await loadAlarms();
  } catch (e) {
    state.failed = e.name === "AbortError" ? "no answer in 8 s" : e.message;
  }
  paintState();
}

async function loop() {
  await poll();
  setTimeout(loop, POLL_MS);
}

function wanted() { return decodeURIComponent(location.hash.slice(1)); }
window.addEventListener("hashchange", () => show(wanted(), true));
$("close").addEventListener("click", () => { history.replaceState(null, "", location.pathname); show("", true); });
document.addEventListener("keydown", (e) => { if (e.key === "Escape" && state.selected) $("close").click(); });
listenMap();
setInterval(paintState, 1000);
loop().then(() => { if (wanted()) show(wanted(), true); });
