// Candles with trades on two canvases: a window that moves and zooms, and an overview below it.
(() => {
  const figure = document.getElementById("candle-chart"), bars = augury.data("candle-data");
  if (!figure || !bars) return;
  const trades = augury.data("trade-data");
  const main = figure.querySelector(".main"), overview = figure.querySelector(".overview");
  const readout = figure.querySelector(".readout");
  const size = bars.t.length, fewest = Math.min(size, 12);
  const step = size > 1 ? (bars.t[size - 1] - bars.t[0]) / (size - 1) : 86400;
  const clocked = bars.t.subarray(0, 200).some((time) => time % 86400 !== 0);
  const opening = Math.max(60, Math.round(main.clientWidth / 4.4));
  let from = size <= 1.25 * opening ? 0 : size - opening, to = size, pointer = null, picked = -1, colours = {}, queued = false;

  const barAt = (time) => {
    let low = 0, high = size;
    while (low < high) { const middle = (low + high) >> 1; if (bars.t[middle] <= time) low = middle + 1; else high = middle; }
    return Math.max(0, low - 1);
  };
  const marks = [];
  if (trades) {
    for (let at = 0; at < trades.in.length; at++) {
      if (!Number.isFinite(trades.in[at])) continue;
      const out = Number.isFinite(trades.out[at]) ? barAt(trades.out[at]) : trades.open[at] ? size - 1 : null;
      const start = barAt(trades.in[at]);
      marks.push({ at, start, end: out === null ? start : out, open: Boolean(trades.open[at]), side: trades.side[at],
        paid: trades.pin[at], got: trades.pout[at], gain: trades.pnl[at] });
    }
    marks.sort((one, two) => one.start - two.start);
  }

  const readColours = () => {
    const style = getComputedStyle(figure);
    for (const name of ["up", "down", "ink", "muted", "rule", "paper", "accent", "second"]) colours[name] = style.getPropertyValue("--" + name).trim();
  };
  const fit = (canvas) => {
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return { pen, width, height };
  };
  const draw = () => { if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; paint(); }); } };
  const clamp = () => {
    const span = Math.max(fewest, Math.min(size, to - from));
    from = Math.max(0, Math.min(from, size - span));
    to = from + span;
  };
  const niceStep = (rough) => {
    const power = 10 ** Math.floor(Math.log10(rough));
    return [1, 2, 2.5, 5, 10].map((lead) => lead * power).find((each) => each >= rough * 0.999);
  };
  const digitsOf = (every) => Math.max(0, Math.min(8, Math.ceil(-Math.log10(every) - 0.001)));
  const priceText = (value, digits) => augury.number(Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value, digits);

  const layout = { left: 0, right: 62, top: 10, bottom: 26 };
  const frame = () => ({ width: main.clientWidth - layout.left - layout.right, height: main.clientHeight - layout.top - layout.bottom });
  const xOf = (at) => layout.left + (at + 0.5 - from) / (to - from) * frame().width;

  const range = (first, last) => {
    let low = Infinity, high = -Infinity, most = 0;
    for (let at = first; at < last; at++) {
      if (bars.l[at] < low) low = bars.l[at];
      if (bars.h[at] > high) high = bars.h[at];
      if (bars.v[at] > most) most = bars.v[at];
    }
    if (!(high >= low)) return { low: 0, high: 1, most };
    const pad = (high - low) * 0.06 || Math.abs(high) * 0.02 || 1;
    return { low: low - pad, high: high + pad, most };
  };

  const paintAxes = (pen, view, low, high, yOf) => {
    const every = niceStep((high - low) / Math.max(3, view.height / 70));
    pen.font = "12px " + getComputedStyle(figure).fontFamily;
    pen.fillStyle = colours.muted;
    pen.strokeStyle = colours.rule;
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    for (let mark = Math.ceil(low / every) * every; mark <= high; mark += every) {
      const y = Math.round(yOf(mark)) + 0.5;
      pen.beginPath(); pen.moveTo(layout.left, y); pen.lineTo(layout.left + view.width, y); pen.stroke();
      pen.fillText(priceText(mark, digitsOf(every)), layout.left + view.width + 8, y);
    }
    pen.textBaseline = "top";
    pen.textAlign = "center";
    const count = Math.max(3, Math.floor(view.width / 105)), shown = to - from;
    const stride = Math.max(1, Math.ceil(shown / count));
    const seconds = shown * step;
    for (let at = Math.ceil(from / stride) * stride; at < to; at += stride) {
      const x = xOf(at);
      if (at >= size || x < 30 || x > layout.left + view.width - 30) continue;
      const text = augury.when(bars.t[Math.floor(at)], clocked);
      const label = clocked && seconds < 3 * 86400 ? text.slice(5) : text.slice(0, seconds > 3e8 ? 7 : 10);
      pen.fillText(label, x, layout.top + view.height + 8);
    }
  };

  const paintBars = (pen, view, first, last, yOf, most) => {
    const pitch = view.width / (to - from), width = Math.max(1, Math.min(18, pitch * 0.7));
    const floor = layout.top + view.height;
    if (most > 0 && pitch >= 1.5) {
      pen.globalAlpha = 0.16;
      pen.fillStyle = colours.muted;
      for (let at = first; at < last; at++) {
        const tall = bars.v[at] / most * view.height * 0.16;
        pen.fillRect(xOf(at) - width / 2, floor - tall, width, tall);
      }
      pen.globalAlpha = 1;
    }
    if (pitch < 1.5) {
      pen.strokeStyle = colours.ink;
      pen.lineWidth = 1;
      pen.beginPath();
      let column = -1, low = 0, high = 0;
      const flush = () => { if (column >= 0) { pen.moveTo(column + 0.5, yOf(high) - 0.5); pen.lineTo(column + 0.5, yOf(low) + 0.5); } };
      for (let at = first; at < last; at++) {
        const x = Math.floor(xOf(at));
        if (x !== column) { flush(); column = x; low = bars.l[at]; high = bars.h[at]; }
        else { low = Math.min(low, bars.l[at]); high = Math.max(high, bars.h[at]); }
      }
      flush();
      pen.stroke();
      return;
    }
    for (const rising of [true, false]) {
      pen.strokeStyle = pen.fillStyle = rising ? colours.up : colours.down;
      pen.lineWidth = 1;
      pen.beginPath();
      for (let at = first; at < last; at++) {
        if ((bars.c[at] >= bars.o[at]) !== rising) continue;
        const x = Math.round(xOf(at)) + 0.5;
        pen.moveTo(x, yOf(bars.h[at])); pen.lineTo(x, yOf(bars.l[at]));
      }
      pen.stroke();
      if (pitch < 3) continue;
      for (let at = first; at < last; at++) {
        if ((bars.c[at] >= bars.o[at]) !== rising) continue;
        const top = yOf(Math.max(bars.o[at], bars.c[at])), tall = Math.max(1, yOf(Math.min(bars.o[at], bars.c[at])) - top);
        const x = Math.round(xOf(at) - width / 2) + 0.5, wide = Math.round(width);
        if (rising && width >= 4) {
          const paint = pen.fillStyle;
          pen.fillStyle = colours.paper;
          pen.fillRect(x, top, wide, tall);
          pen.fillStyle = paint;
          pen.strokeRect(x, top, wide, tall);
        } else pen.fillRect(x, top, wide, tall);
      }
    }
  };

  const triangle = (pen, x, y, up) => {
    const tip = up ? -1 : 1;
    pen.beginPath(); pen.moveTo(x, y + tip * 6); pen.lineTo(x - 5.5, y - tip * 4); pen.lineTo(x + 5.5, y - tip * 4); pen.closePath();
  };
  const paintTrades = (pen, view, yOf) => {
    const seen = marks.filter((mark) => mark.end >= from - 1 && mark.start <= to + 1);
    const crowded = seen.length > 250;
    for (const mark of seen) {
      const x1 = xOf(mark.start), x2 = xOf(mark.end);
      const paid = Number.isFinite(mark.paid) ? mark.paid : bars.o[mark.start];
      const got = Number.isFinite(mark.got) ? mark.got : bars.c[mark.end];
      const y1 = yOf(paid), y2 = yOf(got), colour = mark.gain >= 0 ? colours.up : colours.down;
      if (mark.at === picked) {
        pen.fillStyle = colours.accent; pen.globalAlpha = 0.1;
        pen.fillRect(x1, layout.top, Math.max(2, x2 - x1), view.height); pen.globalAlpha = 1;
      }
      pen.strokeStyle = colour;
      pen.lineWidth = mark.at === picked ? 2.5 : 1.5;
      pen.setLineDash(mark.gain >= 0 ? [] : [5, 4]);
      pen.beginPath(); pen.moveTo(x1, y1); pen.lineTo(x2, y2); pen.stroke(); pen.setLineDash([]);
      if (crowded) continue;
      pen.strokeStyle = colours.paper; pen.lineWidth = 3; pen.fillStyle = colours.accent;
      triangle(pen, x1, y1 + (mark.side < 0 ? -9 : 9), mark.side >= 0); pen.stroke(); pen.fill();
      if (!mark.open) {
        pen.fillStyle = colour;
        pen.beginPath(); pen.rect(x2 - 4, y2 - 4, 8, 8); pen.stroke(); pen.fill();
      }
    }
  };

  const paintPointer = (pen, view, low, high) => {
    const at = pointer === null ? Math.min(size - 1, Math.floor(to - 0.001)) : Math.max(0, Math.min(size - 1, Math.floor(from + (pointer.x - layout.left) / view.width * (to - from))));
    const digits = Math.max(2, digitsOf((high - low) / 1000));
    const [o, h, l, c] = ["o", "h", "l", "c"].map((name) => priceText(bars[name][at], digits));
    const mark = pointer && marks.find((each) => Math.abs(xOf(each.start) - pointer.x) < 7 || Math.abs(xOf(each.end) - pointer.x) < 7);
    const trade = mark ? `  \u00b7  trade ${mark.at + 1}: ${mark.side < 0 ? "short" : "long"}, ${Number.isFinite(mark.gain) ? augury.number(mark.gain, 2) : ""}${mark.open ? " (open)" : ""}` : "";
    readout.textContent = `${augury.when(bars.t[at], clocked)}   O ${o}  H ${h}  L ${l}  C ${c}${trade}`;
    if (!pointer) return;
    pen.strokeStyle = colours.muted; pen.lineWidth = 1; pen.setLineDash([3, 3]);
    pen.beginPath();
    const x = Math.round(xOf(at)) + 0.5;
    pen.moveTo(x, layout.top); pen.lineTo(x, layout.top + view.height);
    pen.stroke(); pen.setLineDash([]);
  };

  const paintOverview = () => {
    const { pen, width, height } = fit(overview);
    const wide = width - layout.right, { low, high } = range(0, size);
    const y = (price) => 4 + (high - price) / (high - low) * (height - 8);
    pen.strokeStyle = colours.muted; pen.lineWidth = 1;
    pen.beginPath();
    const stride = Math.max(1, Math.floor(size / (2 * wide)));
    for (let at = 0; at < size; at += stride) pen[at ? "lineTo" : "moveTo"]((at + 0.5) / size * wide, y(bars.c[at]));
    pen.stroke();
    const left = from / size * wide, right = to / size * wide;
    pen.fillStyle = colours.accent; pen.globalAlpha = 0.13; pen.fillRect(left, 0, Math.max(3, right - left), height); pen.globalAlpha = 1;
    pen.fillRect(left, 0, 2, height); pen.fillRect(Math.max(left + 3, right) - 2, 0, 2, height);
  };

  const paint = () => {
    clamp();
    const { pen } = fit(main), view = frame();
    const first = Math.max(0, Math.floor(from)), last = Math.min(size, Math.ceil(to));
    const { low, high, most } = range(first, last);
    const yOf = (price) => layout.top + (high - price) / (high - low) * view.height;
    paintAxes(pen, view, low, high, yOf);
    pen.save();
    pen.beginPath(); pen.rect(layout.left, 0, view.width, layout.top + view.height); pen.clip();
    paintBars(pen, view, first, last, yOf, most);
    paintTrades(pen, view, yOf);
    paintPointer(pen, view, low, high);
    pen.restore();
    paintOverview();
  };

  const zoomAround = (factor, centre = (from + to) / 2) => {
    const span = Math.max(fewest, Math.min(size, (to - from) * factor)), share = (centre - from) / (to - from);
    from = centre - share * span;
    to = from + span;
    draw();
  };
  const shift = (count) => { from += count; to += count; draw(); };
  const reveal = (mark) => {
    picked = mark.at;
    const length = mark.end - mark.start, span = Math.max(60, Math.min(size, 2.5 * length)), middle = (mark.start + mark.end) / 2;
    from = middle - span / 2; to = middle + span / 2;
    draw();
  };
  const neighbour = (direction) => {
    const now = marks.findIndex((mark) => mark.at === picked), middle = (from + to) / 2;
    const next = now >= 0 ? now + direction : direction > 0
      ? marks.findIndex((mark) => mark.start > middle) : marks.findLastIndex((mark) => mark.start < middle);
    if (marks[next]) reveal(marks[next]);
  };
  const verbs = { in: () => zoomAround(0.6), out: () => zoomAround(1 / 0.6), all: () => { from = 0; to = size; draw(); },
    earlier: () => neighbour(-1), later: () => neighbour(1) };
  figure.querySelector(".tools").addEventListener("click", (event) => verbs[event.target.dataset.do]?.());
  if (!marks.length) figure.querySelectorAll('[data-do="earlier"], [data-do="later"]').forEach((button) => button.remove());
  main.addEventListener("keydown", (event) => {
    const span = to - from;
    const moves = { ArrowLeft: () => shift(-span / 8), ArrowRight: () => shift(span / 8), "+": verbs.in, "=": verbs.in, "-": verbs.out,
      Home: () => shift(-size), End: () => shift(size) };
    if (moves[event.key]) { moves[event.key](); event.preventDefault(); }
  });

  const held = new Map();
  let grabbed = null;
  const spot = (event, canvas) => { const box = canvas.getBoundingClientRect(); return { x: event.clientX - box.left, y: event.clientY - box.top }; };
  main.addEventListener("pointerdown", (event) => {
    held.set(event.pointerId, spot(event, main));
    main.setPointerCapture(event.pointerId);
    grabbed = { from, to, held: [...held.values()] };
  });
  main.addEventListener("pointermove", (event) => {
    pointer = spot(event, main);
    if (held.has(event.pointerId)) held.set(event.pointerId, pointer);
    const now = [...held.values()], width = frame().width;
    if (now.length === 1 && grabbed) {
      const moved = (now[0].x - grabbed.held[0].x) / width * (grabbed.to - grabbed.from);
      from = grabbed.from - moved; to = grabbed.to - moved;
    } else if (now.length === 2 && grabbed?.held.length === 2) {
      const apart = (pair) => Math.max(10, Math.abs(pair[0].x - pair[1].x)), span = grabbed.to - grabbed.from;
      const centre = grabbed.from + (grabbed.held[0].x + grabbed.held[1].x) / 2 / width * span;
      const wide = span * apart(grabbed.held) / apart(now);
      from = centre - (centre - grabbed.from) / span * wide; to = from + wide;
    }
    draw();
  });
  const release = (event) => { held.delete(event.pointerId); grabbed = held.size ? { from, to, held: [...held.values()] } : null; };
  main.addEventListener("pointerup", release);
  main.addEventListener("pointercancel", release);
  main.addEventListener("pointerleave", () => { pointer = null; draw(); });
  main.addEventListener("wheel", (event) => {
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); shift(event.deltaX / frame().width * (to - from)); return; }
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomAround(Math.exp(Math.max(-50, Math.min(50, event.deltaY)) * 0.008), from + (spot(event, main).x - layout.left) / frame().width * (to - from));
  }, { passive: false });

  const toBar = (event) => spot(event, overview).x / (overview.clientWidth - layout.right) * size;
  let edge = null;
  overview.addEventListener("pointerdown", (event) => {
    const at = toBar(event), near = 8 / (overview.clientWidth - layout.right) * size;
    edge = Math.abs(at - from) < near ? "from" : Math.abs(at - to) < near ? "to" : "all";
    overview.setPointerCapture(event.pointerId);
    dragOverview(event);
  });
  const dragOverview = (event) => {
    const at = toBar(event), span = to - from;
    if (edge === "from") from = Math.max(0, Math.min(at, to - fewest));
    else if (edge === "to") to = Math.min(size, Math.max(at, from + fewest));
    else if (edge === "all") { from = at - span / 2; to = at + span / 2; }
    if (edge) draw();
  };
  overview.addEventListener("pointermove", dragOverview);
  overview.addEventListener("pointerup", () => { edge = null; });

  addEventListener("augury-trade", (event) => {
    const mark = marks.find((each) => each.at === event.detail);
    if (!mark) return;
    reveal(mark);
    figure.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  });
  const restyle = () => { readColours(); draw(); };
  addEventListener("augury-theme", restyle);
  addEventListener("beforeprint", () => { readColours(); paint(); });
  new ResizeObserver(draw).observe(main);
  readColours();
  paint();
})();
