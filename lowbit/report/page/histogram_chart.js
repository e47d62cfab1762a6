// The weights of one layer before and after training, as outlines of equal area.

const whenNames = { start: "before", end: "after" };

function binsOf(histogram) {
  const width = (histogram.high - histogram.low) / histogram.counts.length;
  const total = histogram.counts.reduce((sum, count) => sum + count, 0) || 1;
  return histogram.counts.map((count, k) => ({
    low: histogram.low + k * width, high: histogram.low + (k + 1) * width, count, density: count / total / width,
  }));
}

function outline(bins, toX, toY, floor) {
  let path = `M${toX(bins[0].low).toFixed(1)} ${floor}`;
  for (const bin of bins) path += `V${toY(bin.density).toFixed(1)}H${toX(bin.high).toFixed(1)}`;
  return path + `V${floor}`;
}

function histogramRows(parts, run) {
  return parts.flatMap(({ when, bins }) => bins.map((bin, k) => ({
    head: whenNames[when],
    cells: [
      { run, x: k, key: `${when}-low`, value: bin.low, text: significant(bin.low, 5) },
      { run, x: k, key: `${when}-high`, value: bin.high, text: significant(bin.high, 5) },
      { run, x: k, key: `${when}-count`, value: bin.count, text: countUnit.exact(bin.count) },
    ],
  })));
}

function histogramChart({ layer, run, height = 120 }) {
  const parts = ["start", "end"].filter((when) => layer[when]).map((when) => ({ when, bins: binsOf(layer[when]) }));
  const bins = parts.flatMap((part) => part.bins);
  const low = Math.min(...bins.map((bin) => bin.low)), high = Math.max(...bins.map((bin) => bin.high));
  const top = Math.max(...bins.map((bin) => bin.density)) || 1;
  const bottom = 20;
  let toX, overlay;
  const summary = `Weights of ${layer.name}, ${parts.map(({ when, bins: own }) =>
    `${whenNames[when]} training from ${significant(own[0].low, 3)} to ${significant(own[own.length - 1].high, 3)}`).join(", ")}. ` +
    "Arrow keys read single bins; the table below has all.";
  const { figure, svg, tip, paint } = plotFigure({
    id: "histogram", layer: layer.name, title: layer.name, height, summary,
    details: tableDetails(`Weights of ${layer.name}`, ["When", "From", "To", "Weights"], () => histogramRows(parts, run)),
    draw: (target, width) => {
      const floor = height - bottom;
      toX = (x) => (x - low) / (high - low) * width;
      const toY = (density) => floor - density / top * (floor - 6);
      target.append(shape("line", { class: "axis-line", x1: 0, x2: width, y1: floor + 0.5, y2: floor + 0.5 }));
      const marks = ticks(low, high, Math.max(2, Math.floor(width / 70)));
      for (const value of marks) {
        const x = toX(value);
        const anchor = x < 14 ? "start" : x > width - 14 ? "end" : "middle";
        target.append(shape("text", { x, y: height - 4, "text-anchor": anchor }, significant(value, 3)));
      }
      for (const part of [...parts].reverse()) {
        target.append(shape("path", {
          class: part.when === "end" ? `after run-${run % 8}` : "before", d: outline(part.bins, toX, toY, floor),
        }));
      }
      overlay = shape("g");
      target.append(overlay);
    },
  });
  const longest = parts.reduce((best, part) => (part.bins.length > best.length ? part.bins : best), []);
  followPointer(svg, tip, {
    count: () => longest.length,
    locate: (pixel) => nearestIndex(longest.map((bin) => toX((bin.low + bin.high) / 2)), pixel),
    show: (place) => {
      const at = (longest[place].low + longest[place].high) / 2;
      overlay.replaceChildren(shape("line", { class: "cross", x1: toX(at), x2: toX(at), y1: 4, y2: height - bottom }));
      placeTip(tip, svg, toX(at), `At ${significant(at, 4)}`, parts.map(({ when, bins: own }) => {
        const bin = own.find((candidate) => at >= candidate.low && at < candidate.high);
        if (!bin) return [null, `${whenNames[when]} training`, "0"];
        return [null, `${whenNames[when]}, ${significant(bin.low, 4)} to ${significant(bin.high, 4)}`, countUnit.exact(bin.count)];
      }));
    },
    hide: () => overlay && overlay.replaceChildren(),
  });
  return { figure, paint };
}
