// The sections of the page, top to bottom.

const told = JSON.parse(document.getElementById("data").textContent);
const { groups, runs } = told;
const report = document.getElementById("report");

function section(title, lead, ...children) {
  const node = element("section", {}, element("h2", {}, title), lead ? element("p", { class: "lead" }, lead) : null, ...children);
  report.append(node);
  return node;
}

// What tests measure, accuracies first: shares in percent, or decibels.
const measures = Object.fromEntries(Object.entries(told.measures).map(([word, measure]) => [word, {
  ...measure, key: `test_${word}`, unit: measure.share ? percentUnit : decibelUnit, factor: measure.share ? 100 : 1, sign: measure.share ? " %" : " dB",
}]));
const measureOf = (run) => Object.values(measures)
  .find(({ key }) => run.final ? has(run.final[key]) : run.epochs[key].some(has)) || measures.accuracy;
const scoreKey = (run) => measureOf(run).key;

// The last epoch that was tested.
function lastTested(run) {
  return run.epochs[scoreKey(run)].findLastIndex(has);
}

// The figures of the final table; of an unfinished run, those of its last tested epoch.
function outcome(run) {
  const { epochs, size } = run;
  const result = { weights: run.info.model.weights };
  if (run.final) {
    Object.assign(result, run.final);
  } else {
    const last = epochs.epoch.length - 1, tested = lastTested(run);
    if (last >= 0) Object.assign(result, { epoch: epochs.epoch[last], iteration: epochs.iteration[last], seconds: epochs.seconds[last] });
    if (tested >= 0) {
      let best = tested;
      const key = scoreKey(run), scores = epochs[key];
      scores.forEach((value, i) => {
        if (value !== null && (value > scores[best] || (value === scores[best] && i < best))) best = i;
      });
      Object.assign(result, {
        [key]: scores[tested], test_loss: epochs.test_loss[tested], [`best_${key}`]: scores[best], best_epoch: epochs.epoch[best],
      });
    }
  }
  if (size) {
    Object.assign(result, { float_bytes: size.float_bytes, packed_bytes: size.packed_bytes, bits_per_weight: size.bits_per_weight });
    if (size.packed_bytes) result.compression = size.float_bytes / size.packed_bytes;
  }
  return result;
}

const has = (value) => value !== null && value !== undefined;

const outcomes = runs.map(outcome);

// Names without the folder in front, where that is enough to tell them apart.
const tails = runs.map((run) => (/[<>\s]/.test(run.label) ? run.label : run.label.slice(run.label.lastIndexOf("/") + 1)));
const shortNames = new Set(tails).size === runs.length ? tails : runs.map((run) => run.label);

function header() {
  const kinds = [...new Set(runs.map((run) => run.info.lowbit).filter(Boolean))];
  const title = runs.length === 1 ? runs[0].label
    : groups.length > 0 ? `${groups.length} configurations, ${runs.length} runs` : `${runs.length} runs compared`;
  document.title = `${title} · lowbit report`;
  report.append(element("header", {},
    element("p", { class: "over" }, kinds.length === 1 ? `lowbit ${kinds[0]} report` : "lowbit report"),
    element("h1", {}, title),
    runs.length === 1 && runs[0].info.description ? element("p", { class: "lead" }, runs[0].info.description) : null,
    datasets(), notes()));
}

function datasets() {
  const seen = new Map();
  for (const { info: { dataset } } of runs) seen.set(JSON.stringify(dataset), dataset);
  return [...seen.values()].flatMap((dataset) => [
    element("p", { class: "lead", "data-dataset": dataset.name },
      element("strong", {}, dataset.name),
      `: ${plain(dataset.train, 0)} training and ${plain(dataset.test, 0)} test images of ` +
      `${dataset.image[2]}×${dataset.image[1]} pixels, ${dataset.image[0]} ${dataset.image[0] === 1 ? "channel" : "channels"}` +
      (dataset.classes > 0 ? `, ${plain(dataset.classes, 0)} classes` : "")),
    ...dataset.warnings.map((warning) =>
      element("p", { class: "notice", role: "note", "data-warning": dataset.name },
        element("strong", {}, `Data set ${dataset.name}: `), warning)),
  ]);
}

function notes() {
  return runs.flatMap((run) => run.notes.map((note) =>
    element("p", { class: "notice", role: "note", "data-note": run.label }, element("strong", {}, `${run.label}: `), note)));
}

function card(run, i) {
  const o = outcomes[i];
  const facts = [], { key, unit, factor, sign, spoken, loss } = measureOf(run), best = o[`best_${key}`];
  if (has(best)) facts.push(["Best", `${unit.short(best)} in epoch ${epochText(o.best_epoch)}`]);
  if (loss !== measures.accuracy.loss && has(o.test_loss)) facts.push([loss, o.test_loss.toFixed(4)]);
  if (has(o.packed_bytes)) {
    const gain = o.compression > 1.05 ? `, ${significant(o.compression, 3)}\u00d7 smaller` : "";
    facts.push(["Packed", bytesText(o.packed_bytes) + gain]);
  } else if (has(o.float_bytes)) {
    facts.push(["Size", bytesText(o.float_bytes)]);
  }
  if (has(o.seconds)) facts.push(["Trained", `${epochText(o.epoch)} epochs in ${durationText(o.seconds)}`]);
  const number = has(o[key])
    ? [(o[key] * factor).toFixed(2), element("small", {}, sign)] : [element("small", {}, "not tested yet")];
  return element("article", { class: `card ${runClass(i)}` },
    element("h3", {}, swatch(i), runName(run.label)),
    element("div", { class: "chips" }, element("span", { class: "chip" }, run.info.method),
      run.final ? null : element("span", { class: "chip open" }, "unfinished")),
    element("p", { class: "figure-number", "aria-label": spoken }, number),
    element("dl", {}, facts.map(([name, text]) => element("div", {}, element("dt", {}, name), element("dd", {}, text)))));
}

const groupColumns = [
  ["finished", "Seeds", countUnit.short],
  ["mean", "Mean", (value, unit) => unit.short(value)],
  ["deviation", "Deviation", (value, unit) => "\u00b1 " + unit.short(value)],
  ["worst", "Worst", (value, unit) => unit.short(value)],
  ["best", "Best", (value, unit) => unit.short(value)],
  ["seconds", "Time of a run", durationText],
];

function groupTable() {
  const best = Math.max(...groups.map((group) => (has(group.mean) ? group.mean : -Infinity)));
  return element("div", { class: "table-frame" }, element("table", { class: "summary", role: "table", "aria-label": "Configurations" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, element("th", { role: "columnheader", scope: "col" }, "Configuration"),
      groupColumns.map(([, title]) => element("th", { role: "columnheader", scope: "col", class: "number" }, title)))),
    element("tbody", { role: "rowgroup" }, groups.map((group, i) => element("tr", { role: "row" },
      element("th", { role: "rowheader", scope: "row" }, swatch(i), group.name,
        group.finished < group.runs ? element("span", { class: "quiet" }, ` (${group.finished} of ${group.runs} runs finished)`) : null),
      groupColumns.map(([key, title, text]) => {
        const value = group[key];
        return element("td", {
          role: "cell", class: "number" + (key === "mean" && groups.length > 1 && value === best ? " best" : ""),
          "data-label": title, "data-run": i, "data-key": `group_${key}`, "data-value": has(value) ? value : null,
        }, has(value) ? text(value, measures[group.measure].unit) : "–");
      }))))));
}

function configurations() {
  if (groups.length === 0) return;
  const series = groups.map((group, i) => ({
    run: i, label: group.name, short: group.name, x: group.curve.epoch, y: group.curve.mean, fixed: true,
    deviation: group.curve.deviation.includes(null) ? null : group.curve.deviation,
  })).filter((line) => line.x.length > 0);
  const { key, title, spoken, unit } = measures[(groups.find((group) => group.measure !== "accuracy") || groups[0]).measure];
  section("Configurations", `${title} after the last epoch: mean and sample standard deviation over the seeds of the finished runs, every weight of the method quantized. Best and worst are seeds, not epochs.`,
    groupTable(),
    series.length === 0 ? null : element("div", { class: "grid" }, lineChart({
      id: `group_${key}`, title, note: "mean over seeds; the band is one standard deviation to each side",
      series, unit, spoken: `Mean ${spoken}`, height: 300,
    }).figure));
}

const shownMeasures = Object.values(measures).filter((measure) => runs.some((run) => measureOf(run) === measure));
// "Test loss, or divergence from the teacher"
const lossTitle = [...new Set(shownMeasures.map(({ loss }) => loss))]
  .map((title, i) => (i === 0 ? title : title[0].toLowerCase() + title.slice(1))).join(", or ");
const summaryColumns = [
  ...shownMeasures.flatMap(({ key, title, best, unit }) => [[key, `${title}, last epoch`, unit.short], [`best_${key}`, best, unit.short]]),
  ["best_epoch", "Best in epoch", epochText],
  ["test_loss", lossTitle, (value) => value.toFixed(4)],
  ["epoch", "Epochs", epochText],
  ["iteration", "Iterations", countUnit.short],
  ["seconds", "Time", durationText],
  ["weights", "Weights", countUnit.short],
  ["bits_per_weight", "Bits per weight", (value) => significant(value, 4)],
  ["float_bytes", "Float", bytesText],
  ["packed_bytes", "Packed", bytesText],
  ["compression", "Times smaller", (value) => significant(value, 4)],
];

function summaryTable() {
  const bestOf = (key) => Math.max(...outcomes.map((o) => (has(o[key]) ? o[key] : -Infinity)));
  const best = Object.fromEntries([...shownMeasures.map(({ key }) => key), "compression"].map((key) => [key, bestOf(key)]));
  // The roles stand here because a narrow screen shows the table as blocks, which takes them away.
  return element("div", { class: "table-frame" }, element("table", { class: "summary", role: "table", "aria-label": "Results" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, element("th", { role: "columnheader", scope: "col" }, "Run"),
      summaryColumns.map(([, title]) => element("th", { role: "columnheader", scope: "col", class: "number" }, title)))),
    element("tbody", { role: "rowgroup" }, runs.map((run, i) => element("tr", { role: "row" },
      element("th", { role: "rowheader", scope: "row" }, swatch(i), runName(run.label), run.final ? null : element("span", { class: "quiet" }, " (unfinished)")),
      summaryColumns.map(([key, title, text]) => {
        const value = outcomes[i][key];
        return element("td", {
          role: "cell", class: "number" + (runs.length > 1 && has(value) && value === best[key] ? " best" : ""),
          "data-label": title, "data-run": i, "data-key": key, "data-value": has(value) ? value : null,
        }, has(value) ? text(value) : "–");
      }))))));
}

function summary() {
  section("Result", "Test figures after the last step, every weight of the method quantized. The best epoch is chosen on the test set, so it flatters.",
    // Cards are for few runs; those of a sweep are summed up above.
    groups.length > 0 ? null : element("div", { class: "grid cards" }, runs.map(card)), summaryTable());
}

function legend() {
  if (runs.length < 2) return null;
  return element("div", { class: "legend", role: "group", "aria-label": "Runs shown in the charts" }, runs.map((run, i) => {
    const button = element("button", { type: "button", "aria-pressed": "true", class: runClass(i) }, swatch(i), runName(run.label));
    button.addEventListener("click", () => {
      if (!hiddenRuns.delete(i)) hiddenRuns.add(i);
      document.querySelectorAll(`[data-legend="${i}"]`).forEach((other) => other.setAttribute("aria-pressed", String(!hiddenRuns.has(i))));
      redraw();
    });
    button.setAttribute("data-legend", String(i));
    return button;
  }));
}

// One line for each run out of columns; points without a value are left out.
function seriesOf(columnsOf, key, stepped = false) {
  return runs.map((run, i) => {
    const columns = columnsOf(run);
    const line = { run: i, label: run.label, short: shortNames[i], x: [], y: [], stepped };
    (columns ? columns[key] : []).forEach((value, k) => {
      if (value === null) return;
      line.x.push(columns.epoch[k]);
      line.y.push(value);
    });
    return line;
  }).filter((line) => line.x.length > 0);
}

function curves() {
  const byEpoch = (run) => run.epochs, byStep = (run) => run.steps;
  const charts = [
    ...Object.values(measures).map(({ key, title, unit }) => ({ id: key, title, series: seriesOf(byEpoch, key), unit })),
    { id: "train_accuracy", title: "Training accuracy", series: seriesOf(byEpoch, "train_accuracy"), unit: percentUnit },
    { id: "test_loss", title: lossTitle, series: seriesOf(byEpoch, "test_loss"), unit: numberUnit },
    { id: "train_loss", title: "Training loss", series: seriesOf(byEpoch, "train_loss"), unit: numberUnit },
    { id: "learning_rate", title: "Learning rate", series: seriesOf(byStep, "learning_rate"), unit: numberUnit },
    { id: "ratio", title: "Quantized share", note: "weights that are quantized in a training step", series: seriesOf(byStep, "ratio", true), unit: percentUnit, range: [0, 1.04] },
    { id: "step_loss", title: "Training loss, step by step", series: seriesOf(byStep, "loss"), unit: numberUnit },
  ].filter((chart) => chart.series.length > 0).map(lineChart);
  if (charts.length === 0) return;
  section("Training", "Test figures are with every weight quantized, training figures with the weights as trained at that moment, on augmented images. All horizontal axes count epochs.",
    legend(), element("div", { class: "grid wide" }, charts.map((chart) => chart.figure)));
}

// Buttons of which one is chosen; makeCharts(i) gives the charts of the panel.
function tabbed(name, titles, panelClass, makeCharts) {
  const panel = element("div", { class: `grid ${panelClass}`, role: "tabpanel", id: `${name}-panel` });
  const tabs = titles.map((title, i) => element("button", {
    type: "button", role: "tab", id: `${name}-tab-${i}`, "aria-controls": panel.id, "data-tab": `${name}-${i}`,
  }, title));
  const choose = (chosen) => {
    tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === chosen));
      tab.tabIndex = i === chosen ? 0 : -1;
    });
    panel.setAttribute("aria-labelledby", tabs[chosen].id);
    drawings.splice(0, drawings.length, ...drawings.filter((draw) => !panel.charts || !panel.charts.includes(draw)));
    const charts = makeCharts(chosen);
    panel.charts = charts.map((chart) => chart.paint);
    panel.replaceChildren(...charts.map((chart) => chart.figure));
    panel.charts.forEach((paint) => paint());
  };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => choose(i));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (i + step + tabs.length) % tabs.length;
      choose(next);
      tabs[next].focus();
    });
  });
  return { nodes: [element("div", { class: "tabs", role: "tablist", "aria-label": name }, tabs), panel], start: () => choose(0) };
}

// Tabs of small charts, one chart for each of `names`. A quantity: its key, its title, the columns of a run and name that hold it under
// the key, and its range if one is fixed; otherwise all charts have one scale, so that they can be compared.
function chartsOfParts(kind, names, quantities, note) {
  return tabbed(kind, quantities.map(({ title }) => title), "small", (chosen) => {
    const { key, title, columns, unit, range } = quantities[chosen];
    const shown = names.map((name) => [name, seriesOf((run) => columns(run, name), key)]).filter(([, series]) => series.length > 0);
    const [low, high] = extent(shown.flatMap(([, series]) => series.flatMap((line) => line.y)));
    const least = Math.min(0, low), most = Math.max(high, least + 0.01);
    return shown.map(([name, series]) => lineChart({
      id: `${kind}_${key}`, layer: name, title: name, note: note(name), series, unit,
      range: range || [least * 1.05, most * 1.05], height: 128, spoken: `${title} of ${name}`,
    }));
  });
}

const shareRange = [0, 1.05];
const detailTitles = { changed: "Changed codes", gradient: "Gradient" };

function layers() {
  const names = [...new Set(runs.flatMap((run) => run.layers.filter((layer) => layer.epoch.length > 0).map((layer) => layer.name)))];
  if (names.length === 0) return;
  const find = (run, name) => run.layers.find((layer) => layer.name === name);
  const words = [...new Set(runs.flatMap((run) => run.layers.flatMap((layer) => Object.keys(layer.details))))].sort();
  const tabs = chartsOfParts("layer", names, [
    { key: "error", title: "Quantization error", columns: find, unit: percentUnit },
    { key: "quantized", title: "Quantized share", columns: find, unit: percentUnit, range: shareRange },
    { key: "zero", title: "Zeros", columns: find, unit: percentUnit, range: shareRange },
    ...words.map((word) => ({
      key: word, title: detailTitles[word] || word.replaceAll("_", " "), unit: word === "changed" ? percentUnit : numberUnit,
      columns: (run, name) => {
        const layer = find(run, name);
        return layer && layer.details[word] ? { epoch: layer.epoch, [word]: layer.details[word] } : null;
      },
    })),
  ], weightsNote);
  section("Layers", "The error is the mean distance between a layer's float and quantized weights, as a share of their mean magnitude: ‖W − Q‖₁ / ‖W‖₁ with the whole layer quantized.",
    legend(), ...tabs.nodes);
  tabs.start();
}

function activations() {
  const names = [...new Set(runs.flatMap((run) => run.activations.map((quantizer) => quantizer.name)))];
  if (names.length === 0) return;
  const find = (run, name) => run.activations.find((quantizer) => quantizer.name === name);
  const tabs = chartsOfParts("activation", names, [
    { key: "saturated", title: "Saturated", columns: find, unit: percentUnit },
    { key: "zero", title: "Zeros", columns: find, unit: percentUnit, range: shareRange },
    { key: "scale", title: "Scale", columns: find, unit: numberUnit },
  ], () => "");
  section("Activations", "What the quantizers between the layers do to the first test images: the share of values beyond the end of the grid, the share that becomes zero, and the width of a step.",
    legend(), ...tabs.nodes);
  tabs.start();
}

function weightsNote(name) {
  const counts = new Set(runs.flatMap((run) => run.layers.filter((layer) => layer.name === name && layer.weights).map((layer) => layer.weights)));
  return counts.size === 1 ? `${plain([...counts][0], 0)} weights` : "";
}

function histograms() {
  const withHistograms = runs.map((run, i) => i).filter((i) => runs[i].layers.some((layer) => layer.start || layer.end));
  if (withHistograms.length === 0) return;
  const tabs = tabbed("weights", withHistograms.map((i) => runs[i].label), "small", (chosen) => {
    const run = withHistograms[chosen];
    return runs[run].layers.filter((layer) => layer.start || layer.end).map((layer) => histogramChart({ layer, run }));
  });
  section("Weights", "Float weights of each layer before training (grey outline) and after it (filled), drawn with equal areas.", ...tabs.nodes);
  tabs.start();
}

function bar(run, name, value, most, pale) {
  return element("div", { class: `bar ${runClass(run)}` },
    element("div", { class: "track" }, element("div", { class: `rod${pale ? " pale" : ""}`, style: `width:${value / most * 100}%` })),
    element("div", { class: "amount" }, `${bytesText(value)} ${name}`));
}

function sizes() {
  const sized = runs.map((run, i) => i).filter((i) => runs[i].size);
  if (sized.length === 0) return;
  const most = Math.max(...sized.map((i) => Math.max(runs[i].size.float_bytes, runs[i].size.packed_bytes || 0)));
  const rows = sized.map((i) => element("div", { class: "row" }, element("h3", {}, swatch(i), runName(runs[i].label)),
    bar(i, "float", runs[i].size.float_bytes, most, true),
    runs[i].size.packed_bytes ? bar(i, "packed", runs[i].size.packed_bytes, most, false) : null));
  const columns = [["float_bytes", "Float, bytes", countUnit.exact], ["packed_bytes", "Packed, bytes", countUnit.exact],
    ["bits_per_weight", "Bits per weight", numberUnit.exact]];
  const details = tableDetails("Sizes", ["Run", ...columns.map(([, title]) => title)], () => sized.map((i) => ({
    head: runs[i].label,
    cells: columns.map(([key, , text]) => (has(runs[i].size[key]) ? { run: i, key, value: runs[i].size[key], text: text(runs[i].size[key]) } : null)),
  })));
  section("Size", "All parameters as 4-byte floats, and the packed file.",
    element("figure", { class: "bars", "data-figure": "size" }, element("figcaption", { class: "quiet" }, "Bytes"), rows, details));
}

function facts(run) {
  const { info } = run;
  const list = [
    ["Method", info.method], ["Model", info.model.name],
    ["Quantizable weights", plain(info.model.weights, 0)],
    ["Parameters", has(info.model.parameters) ? plain(info.model.parameters, 0) : null],
    ["Multiply-accumulates per image", has(info.model.macs) ? plain(info.model.macs, 0) : null],
    ["Seed", info.seed], ["Threads", info.threads], ["Device", info.device],
    ["lowbit", [info.lowbit, info.commit].filter(Boolean).join(", commit ")], ["libtorch", info.libtorch],
  ].filter(([, value]) => has(value) && value !== "");
  return element("dl", { class: "facts" }, list.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, String(value)))));
}

function recipes() {
  section("Recipes", "What was run: settings as resolved at the start.", ...runs.map((run, i) =>
    element("details", { class: `run ${runClass(i)}`, "data-recipe": i }, element("summary", {}, swatch(i), runName(run.label)),
      run.info.description ? element("p", { class: "quiet" }, run.info.description) : null, facts(run),
      element("pre", { tabindex: "0", "aria-label": `Recipe of ${run.label}` }, run.recipe))));
}

header();
configurations();
summary();
curves();
layers();
activations();
histograms();
sizes();
recipes();
report.append(element("footer", {}, "This page holds all its figures and loads nothing."));
redraw();
document.documentElement.setAttribute("data-ready", "true");
