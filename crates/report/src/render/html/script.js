"use strict";
(() => {
  const find = (selector) => [...document.querySelectorAll(selector)];
  const checks = find(".check");
  const counted = find(".check:not([data-role])");
  const filters = find("[data-filter]");
  const search = document.getElementById("search");
  if (!search) return;
  const shown = document.getElementById("shown");
  const all = document.getElementById("all");
  const texts = new Map(checks.map((check) => {
    const suite = check.closest(".suite").querySelector("h2").textContent;
    return [check, (suite + "\n" + check.textContent).toLowerCase()];
  }));
  let outcome = "all";

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const check of checks) {
      const text = texts.get(check);
      const fits = (outcome === "all" || check.dataset.outcome === outcome) && words.every((word) => text.includes(word));
      check.hidden = !fits;
    }
    for (const suite of find(".suite")) {
      suite.hidden = !suite.querySelector(".check:not([hidden])");
    }
    for (const filter of filters) {
      filter.setAttribute("aria-pressed", String(filter.dataset.filter === outcome));
    }
    document.getElementById("none").hidden = checks.some((check) => !check.hidden);
    const count = counted.filter((check) => !check.hidden).length;
    shown.textContent = checks.some((check) => check.hidden) ? `${count} of ${counted.length} checks shown` : "";
  }

  function showAll() {
    outcome = "all";
    search.value = "";
    show();
  }

  function reveal() {
    const target = /^#check-\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (target) {
      if (target.hidden) showAll();
      target.open = true;
      target.scrollIntoView();
      target.querySelector("summary").focus({ preventScroll: true });
    }
  }

  for (const filter of filters) {
    filter.disabled = filter.parentElement.classList.contains("empty");
    filter.addEventListener("click", () => {
      outcome = filter.dataset.filter === outcome ? "all" : filter.dataset.filter;
      show();
    });
  }
  all.addEventListener("click", () => {
    const open = all.textContent === "Open all";
    all.textContent = open ? "Close all" : "Open all";
    for (const check of checks) check.open = open;
  });
  document.getElementById("reset").addEventListener("click", () => {
    showAll();
    search.focus();
  });
  for (const button of find(".copy")) {
    const text = button.parentElement.querySelector("pre");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = document.execCommand("copy") ? "Copied" : "Press Ctrl+C";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
  search.addEventListener("input", show);
  document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      search.select();
      search.focus();
    } else if (event.key === "Escape" && typing === search) {
      search.value = "";
      show();
    }
  });
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (link && link.href === location.href && link.hash.startsWith("#check-")) {
      event.preventDefault();
      reveal();
    }
  });
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = find(".failed:not([open]), .warned:not([open]), .message:not([open])").filter((part) => part.tagName === "DETAILS");
    for (const part of closed) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of closed) part.open = false;
  });
  document.getElementById("controls").hidden = false;
  show();
  // Once the browser has been there itself, which takes the focus away.
  addEventListener("load", reveal);
})();
