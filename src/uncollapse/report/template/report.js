// Charts are drawn when they come into view, so that a page of many cells opens at once. The controls choose
// one data set and some methods. An element with data-dataset or data-method is shown if these are chosen;
// charts know the choice as their signals `dataset` and `shown`.
"use strict";
const views = new Map();
const controls = document.getElementById("controls");

function chosen() {
  const data = new FormData(controls);
  return { dataset: data.get("dataset"), shown: data.getAll("method") };
}

async function draw(element) {
  if (views.has(element) || element.closest("[hidden]")) return;
  views.set(element, null);
  const spec = JSON.parse(document.getElementById(element.dataset.spec).textContent);
  spec.data.values = element.closest("figure").querySelector("script").textContent;
  spec.description = element.getAttribute("aria-label"); // or Vega sets one of its own
  const { dataset, shown } = chosen();
  for (const param of spec.params ?? []) {
    if (param.name === "dataset") param.value = dataset;
    if (param.name === "shown") param.value = shown;
  }
  const renderer = spec.usermeta?.renderer ?? "svg";
  views.set(element, (await vegaEmbed(element, spec, { actions: false, renderer })).view);
}

async function choose() {
  const { dataset, shown } = chosen();
  for (const element of document.querySelectorAll("[data-dataset], [data-method]")) {
    const { dataset: data, method } = element.dataset;
    const other = data !== undefined && !data.split(" ").includes(dataset);
    element.hidden = other || (method !== undefined && !shown.includes(method));
  }
  for (const [element, view] of views) {
    if (!view || element.closest("[hidden]")) continue;
    if (view.getState().signals.dataset === undefined) continue; // a chart of one cell
    await view.signal("dataset", dataset).signal("shown", shown).runAsync();
  }
}

const seen = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => draw(entry.target)),
  { rootMargin: "300px" },
);
document.querySelectorAll(".chart").forEach((element) => seen.observe(element));
controls.addEventListener("change", choose);
addEventListener("beforeprint", () => document.querySelectorAll(".chart").forEach(draw));
choose();
