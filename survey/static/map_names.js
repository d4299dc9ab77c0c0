// Where the map writes its themes' names: the largest themes first, each near the middle of its
// dots, over as few dots as can be and over no other name. Lengths are the canvas's own pixels.
"use strict";
window.mapNames = (() => {
  const ALWAYS = 12, NEAR = 90, TURNS = 16, NARROW = 520, THICK = 12;
  // On a narrow sheet a name is as wide as half of it, so few are written, and over hardly a dot.
  const ALWAYS_NARROW = 1, MOST_NARROW = 7, NEAR_NARROW = 60, UNDER_NARROW = 2;

  // Where each theme's dots lie thickest, the largest theme first.
  function middles(data, side) {
    const found = new Map(), cell = side / THICK;
    for (let i = 0; i < data.n; i++) {
      const theme = data.theme[i];
      if (theme >= data.themes.length) continue;
      let one = found.get(theme);
      if (!one) found.set(theme, (one = { theme, n: 0, sums: new Float64Array(3 * THICK * THICK) }));
      const at = 3 * (((data.y[i] / cell) | 0) * THICK + ((data.x[i] / cell) | 0));
      one.n++;
      one.sums[at]++;
      one.sums[at + 1] += data.x[i];
      one.sums[at + 2] += data.y[i];
    }
    return [...found.values()].map((one) => ({ theme: one.theme, n: one.n, ...thickest(one.sums) }))
      .sort((a, b) => b.n - a.n);
  }

  // The middle of the dots in the fullest cell and those around it.
  function thickest(sums) {
    let best = [0, 0, 0];
    for (let y = 0; y < THICK; y++) {
      for (let x = 0; x < THICK; x++) {
        if (!sums[3 * (y * THICK + x)]) continue;
        const here = [0, 0, 0];
        for (let b = Math.max(0, y - 1); b <= Math.min(THICK - 1, y + 1); b++) {
          for (let a = Math.max(0, x - 1); a <= Math.min(THICK - 1, x + 1); a++) {
            for (let part = 0; part < 3; part++) here[part] += sums[3 * (b * THICK + a) + part];
          }
        }
        if (here[0] > best[0]) best = here;
      }
    }
    return { x: best[1] / best[0], y: best[2] / best[0] };
  }

  function short(name, most) {
    const letters = [...name.replace(/\s+/g, " ").trim()];
    return letters.length > most ? `${letters.slice(0, most - 1).join("").trimEnd()}…` : letters.join("");
  }

  // Returns how many dots lie under a box; sums over a grid answer that at once.
  function crowd(dots, sheet, cell) {
    const wide = Math.ceil(sheet.width / cell), high = Math.ceil(sheet.height / cell);
    const sums = new Uint32Array((wide + 1) * (high + 1));
    for (let i = 0; i < dots.x.length; i++) {
      sums[(((dots.y[i] / cell) | 0) + 1) * (wide + 1) + ((dots.x[i] / cell) | 0) + 1]++;
    }
    for (let y = 1; y <= high; y++) {
      for (let x = 1, row = 0; x <= wide; x++) {
        row += sums[y * (wide + 1) + x];
        sums[y * (wide + 1) + x] = row + sums[(y - 1) * (wide + 1) + x];
      }
    }
    const column = (x) => Math.min(wide, Math.max(0, Math.round(x / cell)));
    const line = (y) => Math.min(high, Math.max(0, Math.round(y / cell))) * (wide + 1);
    return (box) => {
      const x0 = column(box.x - box.wide), x1 = column(box.x + box.wide);
      const y0 = line(box.y - box.high), y1 = line(box.y + box.high);
      return sums[y1 + x1] - sums[y0 + x1] - sums[y1 + x0] + sums[y0 + x0];
    };
  }

  const clash = (a, b, gap) => Math.abs(a.x - b.x) < a.wide + b.wide + gap && Math.abs(a.y - b.y) < a.high + b.high + gap;

  function crosses(from, to, taken) {
    return [0.2, 0.4, 0.6, 0.8].some((part) => {
      const spot = { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, wide: 0, high: 0 };
      return taken.some((one) => clash(one, spot, 0));
    });
  }

  // The cheapest place for a name: near, over few dots, its line across no other name.
  function placeOne(from, size, far, taken, cost, sheet, ratio) {
    let best = null;
    for (let away = 0; away < far; away += (away < NEAR * ratio ? 14 : 28) * ratio) {
      if (best && best.cost < away / (40 * ratio)) break;
      for (let turn = 0; turn < (away ? TURNS : 1); turn++) {
        const angle = (2 * Math.PI * turn) / TURNS;
        const aside = away ? away + size.wide * Math.abs(Math.cos(angle)) : 0;
        const to = { ...size, x: from.x + Math.cos(angle) * aside, y: from.y + Math.sin(angle) * away };
        if (to.x < to.wide || to.y < to.high || to.x > sheet.width - to.wide || to.y > sheet.height - to.high) continue;
        if (taken.some((one) => clash(one, to, 3 * ratio))) continue;
        to.cost = away / (40 * ratio) + cost(to) + (crosses(from, to, taken) ? 3 : 0);
        if (!best || to.cost < best.cost) best = to;
      }
    }
    return best;
  }

  // `themes` have a name and the middle of their dots, the largest first. The first dozen are
  // named wherever there is room; of the others those that find room near, and the table has all.
  function place(themes, dots, sheet, ratio, measure) {
    const narrow = sheet.width < NARROW * ratio;
    const always = narrow ? ALWAYS_NARROW : ALWAYS, near = narrow ? NEAR_NARROW : NEAR;
    const under = crowd(dots, sheet, 10 * ratio);
    const usual = (1200 * ratio * ratio * dots.x.length) / (sheet.width * sheet.height) + 1;
    const cost = (box) => (narrow ? under(box) : under(box) / usual);
    const taken = [];
    for (const theme of themes.slice(0, 2 * ALWAYS)) {
      if (narrow && taken.length === MOST_NARROW) break;
      const words = short(theme.name, narrow ? 24 : 32);
      const size = { wide: measure(words) / 2 + 5 * ratio, high: 10 * ratio };
      const must = taken.length < always;
      const found = placeOne(theme, size, must ? sheet.width + sheet.height : near * ratio, taken, cost, sheet, ratio);
      if (!found || (narrow && !must && under(found) > UNDER_NARROW)) continue;
      taken.push({ ...found, words, from: theme, theme: theme.theme });
    }
    return taken;
  }

  return { middles, place, short };
})();
