// Tables and figures as text; whatever comes from outside is set as text, never as HTML.
const tables = (() => {
  const element = (tag, text, attributes = {}) => {
    const made = document.createElement(tag);
    if (text !== null && text !== undefined) made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  };

  const number = (value, digits = 0) =>
    value === null ? "–" : value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });

  const usd = (value) => `$${value.toLocaleString("en", { maximumSignificantDigits: 3 })}`;

  // Fills a table. A cell is a text, a number or an element; numbers stand on the right.
  const fill = (table, heads, rows) => {
    const head = table.createTHead(), body = table.tBodies[0] ?? table.createTBody();
    const line = document.createElement("tr");
    for (const each of heads) {
      const cell = element("th", null, { scope: "col" });
      cell.append(each);
      line.append(cell);
    }
    head.replaceChildren(line);
    body.replaceChildren(...rows.map((cells) => {
      const row = document.createElement("tr");
      for (const each of cells) {
        const cell = element("td", null, typeof each === "number" ? { class: "number" } : {});
        cell.append(typeof each === "number" ? number(each) : each ?? "–");
        row.append(cell);
      }
      return row;
    }));
  };

  // A table that is made only while somebody looks at it.
  const lazy = (details, render) => {
    const show = () => { if (details.open) render(details.querySelector("table")); };
    details.addEventListener("toggle", show);
    return show;
  };

  const tile = (value, title, kind, of) => {
    const made = element("div"), big = element("b", value, kind ? { class: kind } : {});
    if (of) big.append(" ", element("small", `/ ${of}`));
    made.append(big, element("span", title));
    return made;
  };

  return { element, number, usd, fill, lazy, tile };
})();
