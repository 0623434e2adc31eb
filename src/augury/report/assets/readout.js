// The read-out under the pointer: a line at the nearest point and its values.
const augury = {
  number: (value, digits) => value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace("-", "\u2212"),
  form(value, kind) {
    if (value === null || !Number.isFinite(value)) return "\u2013";
    if (kind === "percent") return augury.number(100 * value, 2) + "\u00a0%";
    if (kind === "money") return augury.number(value, Math.abs(value) < 1e5 ? 2 : 0);
    const size = Math.abs(value);
    return augury.number(value, size >= 1000 || size === 0 ? 2 : size >= 1 ? 2 : 4);
  },
  when(seconds, clock) {
    const text = new Date(1000 * seconds).toISOString();
    return clock ? text.slice(0, 16).replace("T", " ") : text.slice(0, 10);
  },
  nearest(sorted, value) {
    let low = 0, high = sorted.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < value) low = middle + 1; else high = middle;
    }
    return low > 0 && value - sorted[low - 1] < sorted[low] - value ? low - 1 : low;
  },
  unpack(column) {
    const kinds = { f4: Float32Array, f8: Float64Array, i1: Int8Array, u1: Uint8Array, u2: Uint16Array };
    const text = atob(column.b), bytes = new Uint8Array(text.length);
    for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    return new kinds[column.k](bytes.buffer);
  },
  data(id) {
    const node = document.getElementById(id);
    if (!node) return null;
    return Object.fromEntries(Object.entries(JSON.parse(node.textContent)).map(([name, column]) =>
      [name, column && column.b !== undefined ? augury.unpack(column) : column]));
  },
};

// Conventions beside their names, placed so that nothing cuts them off.
(() => {
  const place = (event) => {
    const tip = event.target.closest?.(".tip"), box = tip?.querySelector('[role="tooltip"]');
    if (!box) return;
    tip.classList.add("placed");
    const name = tip.getBoundingClientRect(), above = name.top - box.offsetHeight - 7;
    box.style.left = Math.max(8, Math.min(name.left, innerWidth - box.offsetWidth - 8)) + "px";
    box.style.top = (above > 56 ? above : name.bottom + 7) + "px";
  };
  for (const kind of ["pointerover", "focusin"]) document.addEventListener(kind, place);
})();

(() => {
  for (const plot of document.querySelectorAll(".plot[data-hover]")) {
    const surface = plot.querySelector(".canvas");
    let data = null, box = null, hair = null;
    const prepare = () => {
      data = JSON.parse(plot.dataset.hover);
      data.clock = data.t.length > 1 && data.t[data.t.length - 1] - data.t[0] < 120 * 86400
        && data.t.some((time) => time % 86400 !== 0 && time % 86400 !== 86399);
      hair = Object.assign(document.createElement("i"), { className: "hair" });
      box = Object.assign(document.createElement("div"), { className: "hover" });
      surface.append(hair, box);
    };
    const show = (event) => {
      if (!data) prepare();
      const bounds = surface.getBoundingClientRect();
      const at = augury.nearest(data.x, (event.clientX - bounds.left) / bounds.width);
      const place = 100 * data.x[at];
      hair.style.left = place + "%";
      box.replaceChildren(Object.assign(document.createElement("b"), { textContent: augury.when(data.t[at], data.clock) }));
      for (const series of data.s) {
        const row = document.createElement("span");
        row.append(Object.assign(document.createElement("em"), { textContent: series.n }),
          Object.assign(document.createElement("span"), { textContent: augury.form(series.v[at], series.f) }));
        box.append(row);
      }
      box.classList.toggle("left", place > 55);
      box.style.left = place > 55 ? "" : `calc(${place}% + 12px)`;
      box.style.right = place > 55 ? `calc(${100 - place}% + 12px)` : "";
      plot.classList.add("hovered");
    };
    surface.addEventListener("pointermove", show);
    surface.addEventListener("pointerdown", show);
    surface.addEventListener("pointerleave", () => plot.classList.remove("hovered"));
  }
})();
