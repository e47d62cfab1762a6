// A figure: title, plot, tooltip, and the same figures as a table.

// Called again whenever the width may have changed.
const drawings = [];
function redraw() {
  for (const draw of drawings) draw();
}
let redrawPending = false;
window.addEventListener("resize", () => {
  if (redrawPending) return;
  redrawPending = true;
  requestAnimationFrame(() => {
    redrawPending = false;
    redraw();
  });
});

// Rows of {head, cells: [{run, x, key, value, text} or null]}; made when first opened, since long runs have long tables.
function tableDetails(title, columns, makeRows) {
  const details = element("details", {}, element("summary", {}, "Table"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    details.append(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}, as a table` },
      element("table", {},
        element("thead", {}, element("tr", {}, columns.map((column, i) =>
          element("th", { scope: "col", class: i > 0 ? "number" : null }, column)))),
        element("tbody", {}, makeRows().map((row) => element("tr", {},
          element("th", { scope: "row" }, row.head),
          row.cells.map((cell) => cell === null ? element("td", { class: "number" }) : element("td", {
            class: "number", "data-run": cell.run, "data-x": cell.x, "data-key": cell.key, "data-value": cell.value,
          }, cell.text))))))));
  });
  return details;
}

// The frame of a plot whose content `draw(svg, width, height)` makes anew for each width.
function plotFigure({ id, layer, title, note, height, summary, details, draw }) {
  const svg = shape("svg", { role: "img", tabindex: "0", "aria-label": summary, height });
  const tip = element("div", { class: "tip", role: "status", hidden: true });
  const figure = element("figure", { "data-figure": id, "data-layer": layer },
    element("figcaption", {}, element("h3", {}, title), note ? element("span", { class: "quiet" }, note) : null),
    element("div", { class: "plot" }, svg, tip), details);
  const paint = () => {
    const width = Math.floor(svg.getBoundingClientRect().width);
    if (width <= 0) return;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.replaceChildren();
    tip.hidden = true;
    draw(svg, width, height);
  };
  drawings.push(paint);
  return { figure, svg, tip, paint };
}

function placeTip(tip, svg, x, head, rows) {
  tip.replaceChildren(element("strong", {}, head), ...rows.map(([run, name, text]) =>
    element("div", {}, element("span", {}, run === null ? null : swatch(run), name), element("span", {}, text))));
  // Beside the place pointed to; below a plot that it would cover; never past the edge of the screen, not even while it
  // is being measured: a phone would make the page wider for it.
  const box = svg.getBoundingClientRect(), screen = document.documentElement.clientWidth;
  tip.style.transform = `translate(${10 - box.left}px, 0)`;
  tip.hidden = false;
  const right = box.left + x + 14;
  const wished = right + tip.offsetWidth + 10 <= screen ? right : box.left + x - 14 - tip.offsetWidth;
  const left = Math.max(10, Math.min(screen - 10 - tip.offsetWidth, wished));
  tip.style.transform = `translate(${left - box.left}px, ${box.width < 420 ? box.height + 2 : 4}px)`;
}

// Points to one of `count` places by mouse, finger or arrow keys. locate(x) gives the place nearest to a pixel.
function followPointer(svg, tip, { count, locate, show, hide }) {
  let place = -1;
  const move = (next) => {
    place = next;
    show(place);
  };
  const leave = () => {
    place = -1;
    tip.hidden = true;
    hide();
  };
  const fromEvent = (event) => {
    if (count() > 0) move(locate(event.clientX - svg.getBoundingClientRect().left));
  };
  svg.addEventListener("pointermove", fromEvent);
  svg.addEventListener("pointerdown", fromEvent);
  // A finger that was lifted leaves the figures standing until something else is touched.
  svg.addEventListener("pointerleave", (event) => {
    if (event.pointerType === "mouse") leave();
  });
  svg.addEventListener("blur", leave);
  svg.addEventListener("keydown", (event) => {
    const last = count() - 1;
    const next = { ArrowRight: place + 1, ArrowLeft: place < 0 ? last : place - 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") leave();
    if (next === undefined || last < 0) return;
    event.preventDefault();
    move(Math.max(0, Math.min(last, next)));
  });
}

// Round values in [low, high], at most about `wanted`.
function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const values = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; ++k) values.push(Number((k * step).toPrecision(12)));
  return values;
}
