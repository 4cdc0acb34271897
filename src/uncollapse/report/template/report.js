// Charts are drawn when they come into sight: a page of many cells opens at once. What the controls choose is a data set, of which
// alone everything is shown, and methods; charts know both as their signals `dataset` and `shown`. An element names those that it is of.
"use strict";
const views = new Map();
const controls = document.getElementById("controls");

function chosen() {
  const data = new FormData(controls);
  return { dataset: data.get("dataset"), shown: data.getAll("method") };
}

async function draw(place) {
  if (views.has(place) || place.closest("[hidden]")) return;
  views.set(place, null);
  const spec = JSON.parse(document.getElementById(place.dataset.spec).textContent);
  spec.data.values = place.closest("figure").querySelector("script").textContent;
  spec.description = place.getAttribute("aria-label"); // or Vega puts its own in its place
  const { dataset, shown } = chosen();
  for (const param of spec.params ?? []) {
    if (param.name === "dataset") param.value = dataset;
    if (param.name === "shown") param.value = shown;
  }
  const renderer = spec.usermeta?.renderer ?? "svg";
  views.set(place, (await vegaEmbed(place, spec, { actions: false, renderer })).view);
}

async function choose() {
  const { dataset, shown } = chosen();
  for (const element of document.querySelectorAll("[data-dataset], [data-method]")) {
    const { dataset: data, method } = element.dataset;
    element.hidden = (data !== undefined && !data.split(" ").includes(dataset)) || (method !== undefined && !shown.includes(method));
  }
  for (const [place, view] of views) {
    if (!view || place.closest("[hidden]") || view.getState().signals.dataset === undefined) continue;
    await view.signal("dataset", dataset).signal("shown", shown).runAsync();
  }
}

const seen = new IntersectionObserver(
  (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => draw(entry.target)),
  { rootMargin: "300px" },
);
document.querySelectorAll(".chart").forEach((place) => seen.observe(place));
controls.addEventListener("change", choose);
addEventListener("beforeprint", () => document.querySelectorAll(".chart").forEach(draw));
choose();
