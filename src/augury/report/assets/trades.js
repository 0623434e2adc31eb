// The table of trades: sorting, filters and pages over columns that are packed in the page.
(() => {
  const place = document.getElementById("trade-table"), data = augury.data("trade-data");
  if (!place || !data) return;
  const count = Number(place.dataset.total), page = 20, table = place.querySelector("table");
  const form = place.querySelector("form"), pager = place.querySelector(".pager");
  const clock = (times) => times.some((time) => Number.isFinite(time) && time % 86400 !== 0);
  const clocked = clock(data.in.subarray(0, 50));
  const when = (seconds) => Number.isFinite(seconds) ? augury.when(seconds, clocked) : "";
  const number = (value, digits) => Number.isFinite(value) ? augury.number(value, digits) : "";
  const share = (value) => Number.isFinite(value) ? augury.number(100 * value, 2) + "\u00a0%" : "";
  const side = (at) => ({ "1": "long", "-1": "short" })[data.side[at]] || "";
  const reason = (at) => data.reasons[data.reason[at]];
  const columns = [
    { key: (at) => at, text: (at) => String(at + 1) },
    { key: side, text: side },
    { key: (at) => data.in[at], text: (at) => when(data.in[at]) },
    { key: (at) => data.out[at], text: (at) => data.open[at] ? "open" : when(data.out[at]) },
    ...["pin", "pout", "units", "pnl"].map((name) => ({ key: (at) => data[name][at], text: (at) => number(data[name][at], 2) })),
    { key: (at) => data.ret[at], text: (at) => share(data.ret[at]) },
    { key: (at) => data.costs[at], text: (at) => number(data.costs[at], 2) },
    { key: (at) => data.mfe[at], text: (at) => share(data.mfe[at]) },
    { key: (at) => data.mae[at], text: (at) => share(data.mae[at]) },
    { key: (at) => data.bars[at], text: (at) => number(data.bars[at], 0) },
    { key: reason, text: reason },
  ];
  let sorted = 0, falling = false, first = 0, rows = [];
  const compare = (key) => (one, two) => {
    const a = key(one), b = key(two);
    const lost = (value) => typeof value === "number" && !Number.isFinite(value);
    if (lost(a) || lost(b)) return lost(a) && lost(b) ? one - two : lost(a) ? 1 : -1;
    const order = a < b ? -1 : a > b ? 1 : 0;
    return (falling ? -order : order) || one - two;
  };
  const outcome = (at) => data.open[at] ? "open" : data.pnl[at] > 0 ? "gain" : "loss";
  const choose = () => {
    const wanted = { side: form.side.value, outcome: form.outcome.value, reason: form.reason.value.trim().toLowerCase() };
    rows = [];
    for (let at = 0; at < count; at++) {
      if (wanted.side && side(at) !== wanted.side) continue;
      if (wanted.outcome && outcome(at) !== wanted.outcome) continue;
      if (wanted.reason && !reason(at).toLowerCase().includes(wanted.reason)) continue;
      rows.push(at);
    }
    rows.sort(compare(columns[sorted].key));
    first = 0;
    draw();
  };
  const draw = () => {
    const body = document.createElement("tbody"), shown = rows.slice(first, first + page);
    for (const at of shown) {
      const row = body.insertRow();
      row.dataset.trade = at;
      columns.forEach((column, index) => {
        const cell = index ? row.insertCell() : row.appendChild(document.createElement("th"));
        if (!index) {
          cell.scope = "row";
          const go = Object.assign(document.createElement("button"), { type: "button", textContent: column.text(at) });
          go.className = "go";
          go.setAttribute("aria-label", `Show trade ${at + 1} on the candles`);
          cell.append(document.getElementById("candle-chart") ? go : column.text(at));
          return;
        }
        if (index >= 4 && index < 13) cell.className = "n";
        cell.textContent = column.text(at);
        if (index === 7 || index === 8) cell.classList.add(data.pnl[at] > 0 ? "gain" : data.pnl[at] < 0 ? "loss" : "even");
      });
    }
    table.tBodies[0].replaceWith(body);
    pager.querySelector("output").textContent = rows.length
      ? `${(first + 1).toLocaleString("en-US")} to ${(first + shown.length).toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")}` : "none match";
    const [earlier, later] = pager.querySelectorAll("button");
    earlier.disabled = first === 0;
    later.disabled = first + page >= rows.length;
  };
  table.tHead.rows[0].querySelectorAll("th").forEach((head, index) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "sort", textContent: head.textContent });
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      falling = sorted === index ? !falling : index >= 4 && index < 13;
      sorted = index;
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      choose();
    });
  });
  table.tHead.rows[0].cells[0].setAttribute("aria-sort", "ascending");
  form.addEventListener("input", choose);
  form.addEventListener("submit", (event) => event.preventDefault());
  pager.addEventListener("click", (event) => {
    const step = Number(event.target.dataset.go || 0);
    if (!step) return;
    first = Math.max(0, Math.min(first + step * page, Math.floor((rows.length - 1) / page) * page));
    draw();
  });
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-trade]");
    if (row) dispatchEvent(new CustomEvent("augury-trade", { detail: Number(row.dataset.trade) }));
  });
  form.hidden = pager.hidden = false;
  choose();
})();
