// What of a page nobody can see, however wide the window is; layout.py runs it in the browser.
const shown = (text) => JSON.stringify(text.trim().slice(0, 40));
const named = (element) => `${element.tagName.toLowerCase()}${element.id ? "#" + element.id : ""} ${shown(element.textContent)}`;
const isIn = (selector, element) => element.closest(selector) !== null;

// Outside of the window, or clipped by a box; boxes of tables are scrolled in, charts are looked at apart.
const cutOffElements = () => {
  const found = [], root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} px wide`);
  for (const element of document.querySelectorAll("main *")) {
    if (isIn("svg, .plot, .table, pre", element) || !element.getClientRects().length) continue;
    const box = element.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.left < -1) found.push(`outside of the window: ${named(element)}`);
    const isClipped = getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1;
    if (isClipped) found.push(`clipped: ${named(element)}`);
  }
  for (const part of document.querySelectorAll(".figures > div > *")) {
    const range = document.createRange();
    range.selectNodeContents(part);
    const right = part.parentElement.getBoundingClientRect().right;
    if (range.getBoundingClientRect().right > right + 1) found.push(`wider than its tile: ${named(part)}`);
  }
  return found;
};

const cutOffTexts = () => {
  const found = [];
  for (const chart of document.querySelectorAll(".chart")) {
    const area = chart.querySelector(".main-svg")?.getBoundingClientRect();
    for (const text of area ? chart.querySelectorAll(".main-svg text") : []) {
      const box = text.getBoundingClientRect();
      const isSeen = box.width && !isIn(".hoverlayer", text) && getComputedStyle(text).opacity !== "0";
      const beyond = Math.max(area.left - box.left, box.right - area.right, area.top - box.top, box.bottom - area.bottom);
      if (isSeen && text.textContent.trim() && beyond > 1) found.push(`cut off in ${chart.id}: ${shown(text.textContent)} by ${Math.round(beyond)} px`);
    }
  }
  return found;
};

const cutOff = () => [...cutOffElements(), ...cutOffTexts()];

const wideTables = () => [...document.querySelectorAll(".table")].filter((box) => box.scrollWidth > box.clientWidth + 1)
  .map((box) => `${box.querySelector("table").id}: ${box.scrollWidth} > ${box.clientWidth}`);

const overlaps = () => {
  const found = [];
  for (const chart of document.querySelectorAll(".chart")) {
    const titles = ".main-svg text.legendtext, .main-svg .xtitle, .main-svg .ytitle, .main-svg .gtitle, .modebar-group";
    const parts = [...chart.querySelectorAll(titles)].map((part) => [part, part.getBoundingClientRect()]);
    parts.forEach(([one, a], index) => parts.slice(index + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 2 && high > 2) found.push(`in ${chart.id}: ${named(one)} over ${named(other)}`);
    }));
  }
  return found;
};
