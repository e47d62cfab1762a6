// Lines over epochs, one for each run.

const hiddenRuns = new Set();

// Least and greatest; long runs have more values than a function takes as arguments.
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

// The outline of one deviation to each side of a line: above it from left to right, below it back.
function bandOf({ x, y, deviation }) {
  if (!deviation) return [];
  return [...x.map((value, i) => [value, y[i] + deviation[i]]), ...x.map((value, i) => [value, y[i] - deviation[i]]).reverse()];
}

function bandPath(line, toX, toY) {
  return bandOf(line).map(([x, y], i) => `${i === 0 ? "M" : "L"}${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join("");
}

// The range of the y axis: given, or the data with some air.
function yRange(series, fixed) {
  if (fixed) return fixed;
  const [low, high] = extent(series.flatMap((line) => [...line.y, ...bandOf(line).map(([, y]) => y)]));
  if (!(high > low)) return [low - (Math.abs(low) || 1) * 0.1, high + (Math.abs(high) || 1) * 0.1];
  const air = (high - low) * 0.06;
  return [low >= 0 ? Math.max(0, low - air) : low - air, high + air];
}

function pathOf(line, toX, toY) {
  let path = "";
  line.x.forEach((x, i) => {
    const px = toX(x).toFixed(1), py = toY(line.y[i]).toFixed(1);
    if (i === 0) path += `M${px} ${py}`;
    else path += line.stepped ? `H${px}V${py}` : `L${px} ${py}`;
  });
  return path;
}

function nearestIndex(sorted, x) {
  let low = 0, high = sorted.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle;
    else high = middle;
  }
  return Math.abs(sorted[low] - x) <= Math.abs(sorted[high] - x) ? low : high;
}

// Whole epochs wherever the axis holds at least two of them.
function epochTicks(first, last, wanted) {
  const all = ticks(first, last, Math.min(wanted, Math.max(1, last - first)));
  const whole = all.filter((value) => Number.isInteger(value));
  return whole.length > 1 ? whole : all;
}

function drawAxes(svg, { width, height, left, bottom, top, toX, toY, xs, ys, unit }) {
  for (const value of ys) {
    const y = Math.round(toY(value)) + 0.5;
    svg.append(shape("line", { class: "grid-line", x1: left, x2: width, y1: y, y2: y }));
    svg.append(shape("text", { x: left - 7, y: y + 4, "text-anchor": "end" }, unit.tick(value)));
  }
  const floor = Math.round(height - bottom) + 0.5;
  svg.append(shape("line", { class: "axis-line", x1: left, x2: width, y1: floor, y2: floor }));
  xs.forEach((value) => {
    const x = toX(value);
    const anchor = x > width - 12 ? "end" : "middle";
    svg.append(shape("text", { x, y: height - bottom + 17, "text-anchor": anchor }, epochText(value)));
  });
}

// What somebody who does not see the chart should hear first.
function spokenSummary(title, series, unit) {
  const parts = series.filter((line) => line.y.length > 0).map((line) =>
    `${line.label}: from ${unit.short(line.y[0])} to ${unit.short(line.y[line.y.length - 1])}`);
  return `${title} over epochs. ${parts.join("; ")}. Arrow keys read single values; the table below has all.`;
}

// series: [{run, label, short, x: [...], y: [...], stepped, deviation, fixed}], x rising. `deviation`: half the height of the
// band around each point, or nothing; `fixed`: not hidden with a run. `range`: [low, high] of y, or null for that of the data.
// `spoken`: the title for those who only hear it, if the page around says more than `title`.
function lineChart({ id, layer, title, note, series, unit, range, spoken = title, height = 232 }) {
  const places = [...new Set(series.flatMap((line) => line.x))].sort((a, b) => a - b);
  const columns = series.flatMap((line) => [
    { run: line.run, label: line.label, x: line.x, values: line.y },
    ...(line.deviation ? [{ run: line.run, label: `${line.label}, deviation`, x: line.x, values: line.deviation, key: "deviation" }] : []),
  ]);
  const details = tableDetails(spoken, ["Epoch", ...columns.map((column) => column.label)], () => {
    const lookups = columns.map((column) => new Map(column.x.map((x, i) => [x, column.values[i]])));
    return places.map((x) => ({
      head: epochText(x),
      cells: lookups.map((lookup, i) => lookup.has(x)
        ? { run: columns[i].run, x, key: columns[i].key, value: lookup.get(x), text: unit.exact(lookup.get(x)) } : null),
    }));
  });
  let shown = [], toX, toY, overlay;
  const { figure, svg, tip, paint } = plotFigure({
    id, layer, title, note, height, details, summary: spokenSummary(spoken, series, unit),
    draw: (target, width) => {
      shown = series.filter((line) => (line.fixed || !hiddenRuns.has(line.run)) && line.x.length > 0);
      const lines = shown.length > 0 ? shown : series;
      const [low, high] = yRange(lines, range);
      const [first, last] = extent(lines.flatMap((line) => line.x));
      const ys = ticks(low, high, height > 160 ? 5 : 4);
      const left = Math.max(...ys.map((value) => unit.tick(value).length)) * 6.6 + 9, bottom = 24, top = 8, right = 8;
      const span = last > first ? last - first : 1;
      toX = (x) => left + 6 + (x - first) / span * (width - left - right - 6);
      toY = (y) => top + (high - y) / (high - low) * (height - top - bottom);
      const xs = epochTicks(first, first + span, Math.max(2, Math.floor(width / 80))).filter((x) => x <= last);
      drawAxes(target, { width, height, left, bottom, top, toX, toY, xs, ys, unit });
      for (const line of shown) {
        if (line.deviation) target.append(shape("path", { class: `band ${runClass(line.run)}`, d: bandPath(line, toX, toY) }));
      }
      for (const line of shown) {
        target.append(shape("path", { class: `line ${runClass(line.run)}`, d: pathOf(line, toX, toY) }));
      }
      for (const line of shown) {
        const end = line.x.length - 1;
        target.append(mark(line.run, toX(line.x[end]), toY(line.y[end])));
      }
      overlay = shape("g");
      target.append(overlay);
    },
  });
  followPointer(svg, tip, {
    count: () => (shown.length > 0 ? places.length : 0),
    locate: (pixel) => {
      const [first, last] = [toX(places[0]), toX(places[places.length - 1])];
      const share = last > first ? (pixel - first) / (last - first) : 0;
      return nearestIndex(places, places[0] + share * (places[places.length - 1] - places[0]));
    },
    show: (place) => {
      const x = places[place];
      overlay.replaceChildren(shape("line", { class: "cross", x1: toX(x), x2: toX(x), y1: 8, y2: height - 24 }));
      const rows = shown.map((line) => {
        const i = nearestIndex(line.x, x);
        overlay.append(mark(line.run, toX(line.x[i]), toY(line.y[i])));
        const elsewhere = line.x[i] === x ? "" : ` (epoch ${epochText(line.x[i])})`;
        const band = line.deviation ? ` \u00b1 ${unit.short(line.deviation[i])}` : "";
        return [line.run, line.short + elsewhere, unit.exact(line.y[i]) + band];
      });
      placeTip(tip, svg, toX(x), `Epoch ${epochText(x)}`, rows);
    },
    hide: () => overlay && overlay.replaceChildren(),
  });
  return { figure, paint };
}
