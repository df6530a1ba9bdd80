"use strict";
// Filters the cases. Without this script the page shows all of them, and everything else works.
(() => {
  const field = (id) => document.getElementById(id);
  const form = field("filters");
  const cases = Array.from(document.querySelectorAll("[data-case]"));
  const count = field("f-count");

  const matches = (wanted) => (one) => {
    const data = one.dataset;
    const marks = data.marks.split(" ").map((pair) => pair.split(":"));
    return (
      wanted.words.every((word) => data.text.includes(word)) &&
      (wanted.pipeline === "" || data.pipeline === wanted.pipeline) &&
      (wanted.kind === "" || data.kind === wanted.kind) &&
      (!wanted.changed || data.changed === "yes") &&
      ((wanted.area === "" && wanted.mark === "") ||
        marks.some(([area, mark]) =>
          (wanted.area === "" || area === wanted.area) && (wanted.mark === "" || mark === wanted.mark)))
    );
  };

  const apply = () => {
    const fits = matches({
      words: field("f-text").value.toLowerCase().split(/\s+/).filter(Boolean),
      pipeline: field("f-pipeline").value,
      kind: field("f-kind").value,
      area: field("f-area").value,
      mark: field("f-mark").value,
      changed: field("f-changed").checked,
    });
    let shown = 0;
    for (const one of cases) {
      one.hidden = !fits(one);
      if (!one.hidden) shown += 1;
    }
    count.textContent = `${shown} of ${cases.length} cases shown`;
  };

  // A link to a case opens it, and shows it even when the filters hide it.
  const reveal = () => {
    const body = location.hash.startsWith("#case-") ? field(location.hash.slice(1)) : null;
    if (body === null) return;
    const one = body.closest("details");
    if (one.hidden) {
      form.reset();
      apply();
    }
    one.open = true;
    one.scrollIntoView();
    one.querySelector("summary").focus({ preventScroll: true });
  };

  form.hidden = false;
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => setTimeout(apply));
  form.addEventListener("submit", (event) => event.preventDefault());
  field("f-close").addEventListener("click", () => {
    for (const one of cases) if (one.open) one.open = false;
  });
  window.addEventListener("hashchange", reveal);
  apply();
  reveal();
})();
