"use strict";
(() => {
  const checks = [...document.querySelectorAll(".check")];
  const filters = [...document.querySelectorAll("[data-filter]")];
  const search = document.getElementById("search");
  const shown = document.getElementById("shown");
  const all = document.getElementById("all");
  const texts = new Map(checks.map((check) => {
    const suite = check.closest(".suite").querySelector("h2").textContent;
    return [check, (suite + "\n" + check.textContent).toLowerCase()];
  }));
  let outcome = "all";

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const check of checks) {
      const text = texts.get(check);
      const fits = (outcome === "all" || check.dataset.outcome === outcome) && words.every((word) => text.includes(word));
      check.hidden = !fits;
      count += fits ? 1 : 0;
    }
    for (const suite of document.querySelectorAll(".suite")) {
      suite.hidden = !suite.querySelector(".check:not([hidden])");
    }
    for (const filter of filters) {
      filter.setAttribute("aria-pressed", String(filter.dataset.filter === outcome));
    }
    document.getElementById("none").hidden = count > 0;
    shown.textContent = count === checks.length ? "" : `${count} of ${checks.length} checks shown`;
  }

  function reveal() {
    const target = /^#check-\d+$/.test(location.hash) && document.querySelector(location.hash);
    if (target) {
      target.open = true;
      target.scrollIntoView();
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
    const open = all.getAttribute("aria-pressed") !== "true";
    all.setAttribute("aria-pressed", String(open));
    all.textContent = open ? "Close all" : "Open all";
    for (const check of checks) check.open = open;
  });
  for (const button of document.querySelectorAll(".copy")) {
    const text = button.parentElement.querySelector("pre");
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text.textContent);
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(text);
        button.textContent = "Press Ctrl+C";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }
  search.addEventListener("input", show);
  document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== search) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape" && document.activeElement === search) {
      search.value = "";
      show();
    }
  });
  addEventListener("hashchange", reveal);
  document.getElementById("controls").hidden = false;
  show();
  reveal();
})();
