"use strict";
// Theme and scale buttons. Everything works without them; storage may be forbidden to files.
(() => {
  const root = document.documentElement;
  const remembered = () => { try { return localStorage.getItem("augury-theme"); } catch { return null; } };
  const remember = (theme) => { try { localStorage.setItem("augury-theme", theme); } catch { /* not allowed here */ } };
  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const saved = remembered();
  if (saved === "dark" || saved === "light") root.dataset.theme = saved;
  const tell = () => dispatchEvent(new CustomEvent("augury-theme"));
  const button = document.querySelector("button.theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    remember(root.dataset.theme);
    tell();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);

  // Paper is white: print in the light theme, then go back.
  let before;
  addEventListener("beforeprint", () => { before = root.dataset.theme; root.dataset.theme = "light"; });
  addEventListener("afterprint", () => {
    if (before) root.dataset.theme = before; else delete root.dataset.theme;
    tell();
  });

  for (const tools of document.querySelectorAll(".tools:has([data-scale])")) {
    const figure = tools.closest("figure");
    tools.addEventListener("click", (event) => {
      const chosen = event.target.closest("[data-scale]");
      if (!chosen) return;
      figure.classList.toggle("log", chosen.dataset.scale === "log");
      for (const each of tools.querySelectorAll("[data-scale]")) each.setAttribute("aria-pressed", String(each === chosen));
    });
  }
})();
