// The map of answers: draws the points, names the themes, and lets answers be read by pointing,
// by drawing around them, or by key. Without it the table beside says the same.
"use strict";
(() => {
  const box = document.getElementById("map");
  const canvas = document.getElementById("map-canvas");
  const reading = document.getElementById("map-reading");
  if (!box || !canvas || !reading) return;
  const SIDE = 65536, NO_THEME = 65535, SHOWN = 25, GRID = 64;
  const pen = canvas.getContext("2d");
  const layer = document.createElement("canvas");
  const places = { x: null, y: null };
  let data = null, cells = null, ratio = 1, chosen = null, lasso = null, pressed = false;
  let ring = null, radius = 28, timer = 0, hovered = -1, asked = 0, names = [];

  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  function read(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const n = head.points;
    let at = 4 + length;
    const take = (Kind) => {
      const part = new Kind(buffer, at, n);
      at += n * Kind.BYTES_PER_ELEMENT;
      return part;
    };
    return {
      n, themes: head.themes, ids: take(BigUint64Array), x: take(Uint16Array),
      y: take(Uint16Array), theme: take(Uint16Array), tone: take(Uint8Array),
    };
  }

  function colour(name) {
    const words = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const n = parseInt(words.slice(1), 16);
    return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
  }

  // Points go straight into the pixels: 100,000 of them take a few milliseconds.
  function drawPoints() {
    const began = performance.now();
    const w = canvas.width, h = canvas.height, n = data.n;
    const image = pen.createImageData(w, h);
    const bytes = image.data;
    const hues = ["--wish", "--praise", "--quiet", "--quiet"].map(colour);
    const accent = colour("--accent");
    const size = Math.max(1, Math.round(ratio * (n > 30000 ? 1 : n > 4000 ? 2 : n > 600 ? 3.5 : w < 520 * ratio ? 5 : 6)));
    const first = n > 30000 ? 110 : n > 4000 ? 150 : 190, more = n > 30000 ? 30 : 45;
    const wide = w - size, high = h - size;
    const px = new Uint16Array(n), py = new Uint16Array(n);
    const round = size > 3;
    for (let i = 0; i < n; i++) {
      const x = ((data.x[i] * wide) / SIDE) | 0, y = ((data.y[i] * high) / SIDE) | 0;
      px[i] = x + (size >> 1);
      py[i] = y + (size >> 1);
      const here = chosen === null || data.theme[i] === chosen;
      const hue = here ? (chosen === null ? hues[data.tone[i]] : accent) : hues[2];
      for (let dy = 0; dy < size; dy++) {
        for (let dx = 0; dx < size; dx++) {
          if (round) {
            const a = dx - (size - 1) / 2, b = dy - (size - 1) / 2;
            const out = a * a + b * b - (size * size) / 4;
            if (out > 0 && data.tone[i] !== 0) continue; // wishes are square, praise is round
          }
          const at = ((y + dy) * w + x + dx) * 4;
          const before = bytes[at + 3];
          bytes[at] = hue[0];
          bytes[at + 1] = hue[1];
          bytes[at + 2] = hue[2];
          bytes[at + 3] = here ? Math.min(255, before ? before + more : first) : Math.max(before, 40);
        }
      }
    }
    layer.width = w;
    layer.height = h;
    layer.getContext("2d").putImageData(image, 0, 0);
    places.x = px;
    places.y = py;
    placeNames();
    finish();
    box.dataset.milliseconds = (performance.now() - began).toFixed(1);
    box.dataset.drawn = String(n);
  }

  function finish() {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(layer, 0, 0);
    drawNames();
    pen.lineWidth = 2 * ratio;
    pen.strokeStyle = getComputedStyle(document.documentElement).getPropertyValue("--focus");
    if (lasso && lasso.length > 1) {
      pen.beginPath();
      lasso.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.closePath();
      pen.stroke();
    }
    if (ring) circle(ring[0], ring[1], radius * ratio);
    if (hovered >= 0) circle(places.x[hovered], places.y[hovered], 7 * ratio);
  }

  function circle(x, y, r) {
    pen.beginPath();
    pen.arc(x, y, r, 0, 7);
    pen.stroke();
  }

  function placeNames() {
    const style = getComputedStyle(document.documentElement);
    pen.font = `600 ${13 * ratio}px ${style.getPropertyValue("--sans")}`;
    const order = data.middles.filter((one) => one.theme === chosen)
      .concat(data.middles.filter((one) => one.theme !== chosen));
    const named = order.map((one) => ({
      theme: one.theme, name: data.themes[one.theme][1],
      x: (one.x * canvas.width) / SIDE, y: (one.y * canvas.height) / SIDE,
    }));
    names = window.mapNames.place(named, places, canvas, ratio, (words) => pen.measureText(words).width);
  }

  function drawNames() {
    const style = getComputedStyle(document.documentElement);
    pen.lineWidth = ratio;
    pen.strokeStyle = pen.fillStyle = style.getPropertyValue("--ink-soft");
    for (const one of names) {
      const { x, y } = one.from;
      const ex = Math.max(one.x - one.wide, Math.min(one.x + one.wide, x));
      const ey = Math.max(one.y - one.high, Math.min(one.y + one.high, y));
      if (Math.hypot(ex - x, ey - y) < 5 * ratio) continue;
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(ex, ey);
      pen.stroke();
      pen.beginPath();
      pen.arc(x, y, 2.5 * ratio, 0, 7);
      pen.fill();
    }
    for (const one of names) write(one, one.words, chosen === null || one.theme === chosen);
    if (hovered >= 0 && data.theme[hovered] !== NO_THEME) {
      const words = window.mapNames.short(data.themes[data.theme[hovered]][1], canvas.width < 520 * ratio ? 34 : 70);
      const wide = pen.measureText(words).width / 2 + 5 * ratio, high = 10 * ratio;
      const over = places.y[hovered] > 4 * high;
      write({
        wide, high,
        x: Math.min(canvas.width - wide, Math.max(wide, places.x[hovered])),
        y: places.y[hovered] + (over ? -2.2 : 2.2) * high,
      }, words, true, true);
    }
  }

  // Dots are to be seen through names, so only the letters have an edge; a pointed dot has a plate.
  function write(box, words, loud, framed) {
    const style = getComputedStyle(document.documentElement);
    pen.font = `600 ${13 * ratio}px ${style.getPropertyValue("--sans")}`;
    [pen.textAlign, pen.textBaseline, pen.lineJoin] = ["center", "middle", "round"];
    pen.fillStyle = pen.strokeStyle = style.getPropertyValue("--paper-raised");
    pen.lineWidth = (framed ? 1 : 3) * ratio;
    pen.globalAlpha = framed ? 1 : 0.85;
    if (framed) {
      pen.beginPath();
      pen.roundRect(box.x - box.wide, box.y - box.high, 2 * box.wide, 2 * box.high, 4 * ratio);
      pen.fill();
      pen.strokeStyle = style.getPropertyValue("--ink-soft");
      pen.stroke();
    } else pen.strokeText(words, box.x, box.y + ratio);
    pen.globalAlpha = 1;
    pen.fillStyle = style.getPropertyValue(loud ? "--ink" : "--ink-soft");
    pen.fillText(words, box.x, box.y + ratio);
  }

  function grid() {
    cells = new Map();
    for (let i = 0; i < data.n; i++) {
      const key = ((data.x[i] * GRID) >> 16) * GRID + ((data.y[i] * GRID) >> 16);
      const cell = cells.get(key);
      if (cell) cell.push(i);
      else cells.set(key, [i]);
    }
  }

  function within(x, y, r) {
    const found = [];
    const low = (v, of) => Math.max(0, Math.floor(((v - r) / of) * GRID));
    const top = (v, of) => Math.min(GRID - 1, Math.floor(((v + r) / of) * GRID));
    for (let a = low(x, canvas.width); a <= top(x, canvas.width); a++) {
      for (let b = low(y, canvas.height); b <= top(y, canvas.height); b++) {
        for (const i of cells.get(a * GRID + b) || []) {
          const d = (places.x[i] - x) ** 2 + (places.y[i] - y) ** 2;
          if (d <= r * r) found.push([d, i]);
        }
      }
    }
    return found.sort((a, b) => a[0] - b[0]).map((one) => one[1]);
  }

  function inside(path) {
    const found = [];
    const xs = path.map((p) => p[0]), ys = path.map((p) => p[1]);
    const x0 = Math.min(...xs), x1 = Math.max(...xs), y0 = Math.min(...ys), y1 = Math.max(...ys);
    for (let i = 0; i < data.n; i++) {
      const x = places.x[i], y = places.y[i];
      if (x < x0 || x > x1 || y < y0 || y > y1) continue;
      let odd = false;
      for (let a = 0, b = path.length - 1; a < path.length; b = a++) {
        if (ys[a] > y !== ys[b] > y && x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a]) odd = !odd;
      }
      if (odd) found.push(i);
    }
    return found;
  }

  function counted(points) {
    const counts = new Map();
    for (const i of points) counts.set(data.theme[i], (counts.get(data.theme[i]) || 0) + 1);
    const most = [...counts].filter(([theme]) => theme !== NO_THEME).sort((a, b) => b[1] - a[1]);
    const told = most.slice(0, 5).map(([theme, n]) => `${data.themes[theme][1]} ${n.toLocaleString("en")}`);
    const others = most.slice(5).reduce((sum, [, n]) => sum + n, 0), none = counts.get(NO_THEME) || 0;
    if (others) told.push(`in other themes ${others.toLocaleString("en")}`);
    if (none && most.length) told.push(`in no theme ${none.toLocaleString("en")}`);
    return told; // together all of them: the figures add up
  }

  async function show(points, one) {
    const mine = ++asked;
    if (!points.length) {
      reading.replaceChildren(words("Nothing lies there.", "soft"));
      return;
    }
    const ids = points.slice(0, SHOWN).map((i) => String(data.ids[i]));
    const glue = box.dataset.answers.includes("?") ? "&" : "?";
    let page;
    try {
      const answer = await fetch(`${box.dataset.answers}${glue}ids=${ids.join(",")}`);
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      reading.replaceChildren(words("The answers could not be read just now. Please try again.", "notice bad"));
      return;
    }
    if (mine !== asked) return;
    const list = page.querySelector("ol");
    const parts = [];
    if (!one) {
      const n = points.length.toLocaleString("en");
      const themes = counted(points);
      parts.push(words(`${n} ${points.length === 1 ? "answer" : "answers"}${themes.length ? `: ${themes.join(", ")}` : ""}.`, ""));
    }
    if (list) parts.push(document.adoptNode(list));
    if (points.length > SHOWN) parts.push(words(`${(points.length - SHOWN).toLocaleString("en")} more; draw around fewer to read them.`, "soft"));
    reading.replaceChildren(...parts);
  }

  function words(said, kind) {
    const made = document.createElement("p");
    made.textContent = said;
    if (kind) made.className = kind;
    return made;
  }

  function at(event) {
    const edge = canvas.getBoundingClientRect();
    return [(event.clientX - edge.left) * ratio, (event.clientY - edge.top) * ratio];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (!data || event.button) return;
    pressed = true;
    lasso = [at(event)];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!data) return;
    const here = at(event);
    if (pressed) {
      lasso.push(here);
      finish();
      return;
    }
    const nearest = within(here[0], here[1], 9 * ratio)[0] ?? -1;
    if (nearest === hovered) return;
    hovered = nearest;
    finish();
    clearTimeout(timer);
    if (hovered >= 0) timer = setTimeout(() => show([hovered], true), 150);
  });
  canvas.addEventListener("pointerup", () => {
    if (!pressed) return;
    pressed = false;
    const path = lasso;
    const wide = Math.max(...path.map((p) => Math.abs(p[0] - path[0][0]) + Math.abs(p[1] - path[0][1])));
    if (wide < 12 * ratio) {
      lasso = null;
      show(within(path[0][0], path[0][1], 12 * ratio).slice(0, SHOWN), true);
    } else show(inside(path), false);
    finish();
  });
  canvas.addEventListener("pointercancel", () => { // the page is scrolled by a finger
    pressed = false;
    lasso = null;
    finish();
  });
  canvas.addEventListener("pointerleave", () => {
    clearTimeout(timer);
    if (hovered >= 0) {
      hovered = -1;
      finish();
    }
  });
  canvas.addEventListener("keydown", (event) => {
    if (!data || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (event.shiftKey ? 60 : 14) * ratio;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (moves[event.key]) {
      ring = ring || [canvas.width / 2, canvas.height / 2];
      ring = [
        Math.min(canvas.width, Math.max(0, ring[0] + moves[event.key][0] * step)),
        Math.min(canvas.height, Math.max(0, ring[1] + moves[event.key][1] * step)),
      ];
    } else if (event.key === "+" || event.key === "=") radius = Math.min(200, radius * 1.3);
    else if (event.key === "-") radius = Math.max(8, radius / 1.3);
    else if (event.key === "Enter") {
      ring = ring || [canvas.width / 2, canvas.height / 2];
      show(within(ring[0], ring[1], radius * ratio), false);
    } else if (event.key === "Escape") {
      ring = lasso = null;
      choose(null);
    } else return;
    event.preventDefault();
    finish();
  });

  function choose(theme) {
    chosen = theme;
    for (const button of document.querySelectorAll("#map-table button")) {
      button.setAttribute("aria-pressed", String(Number(button.value) === theme));
    }
    drawPoints();
  }

  function offerThemes() {
    data.themes.forEach(([id], number) => {
      const head = document.querySelector(`#map-table tr[data-theme="${id}"] th`);
      if (!head) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "quiet on-map";
      button.value = String(number);
      button.setAttribute("aria-pressed", "false");
      button.append("on the map");
      const name = document.createElement("span");
      name.className = "unseen";
      name.textContent = `: ${data.themes[number][1]}`;
      button.append(name);
      button.addEventListener("click", () => choose(chosen === number ? null : number));
      head.querySelector("a").after(" ", button);
    });
  }

  function fit() {
    if (!data) return;
    const wide = canvas.parentElement.clientWidth;
    ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(wide * (wide < 520 ? 1.05 : 0.66) * ratio);
    lasso = ring = null;
    hovered = -1;
    drawPoints();
  }

  async function begin() {
    const status = document.getElementById("map-status");
    status.hidden = false;
    const answer = await fetch(box.dataset.points).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) {
      status.textContent = status.dataset.failed;
      return;
    }
    data = read(await answer.arrayBuffer());
    if (!data.n) {
      status.textContent = status.dataset.none;
      return;
    }
    status.hidden = true;
    data.middles = window.mapNames.middles(data, SIDE);
    box.hidden = false;
    grid();
    offerThemes();
    fit();
    let width = window.innerWidth;
    window.addEventListener("resize", async () => {
      await wait(120);
      if (window.innerWidth !== width) {
        width = window.innerWidth;
        fit();
      }
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", fit);
  }
  begin();
})();
