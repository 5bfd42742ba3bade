// Draws Plotly figures in the page's own colours, light or dark. A colour in a figure is a name that begins with "$".
const charts = (() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

  const coloured = (value) => {
    if (typeof value === "string") return value.startsWith("$") ? colour(value.slice(1)) : value;
    if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map(coloured);
    if (value !== null && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, coloured(inner)]));
    return value;
  };

  const axis = (given) => ({
    gridcolor: colour("grid"), linecolor: colour("line"), zeroline: false, automargin: true, ...given,
  });

  // The element inside a chart's box that Plotly draws in. It keeps its height when Plotly fits it to the window.
  const plot = (id) => {
    const box = document.getElementById(id);
    return box.querySelector(":scope > .plot") ?? box.appendChild(Object.assign(document.createElement("div"), { className: "plot" }));
  };

  const draw = (id, figure, options = {}) => {
    const { xaxis, yaxis, ...rest } = figure.layout;
    plot(id).style.height = `${figure.layout.height}px`;
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 60, r: 20, t: 40, b: 50 },
      font: { family: getComputedStyle(document.body).fontFamily, size: 13, color: colour("soft") },
      hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") } },
      modebar: { orientation: "v", bgcolor: "rgba(0,0,0,0)", color: colour("soft"), activecolor: colour("ink") },
      ...coloured(rest), xaxis: axis(xaxis), yaxis: axis(yaxis),
    };
    // Plotly has a button that sends a chart's data to its own cloud: no page has it, and no address to send to
    const config = { responsive: true, displaylogo: false, displayModeBar: false, plotlyServerURL: "", ...options };
    return Plotly.react(plot(id), coloured(figure.data), layout, config);
  };

  // Draws now, and again whenever the colours change.
  const onColours = (redraw) => {
    redraw();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  };

  return { colour, plot, draw, onColours };
})();
