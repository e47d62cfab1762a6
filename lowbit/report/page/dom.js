// Elements. Text only ever enters the page as text nodes and attributes, never as markup.
const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function shape(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// Classes that give a run its colour and, from the ninth run on, a dash pattern.
function runClass(run) {
  return `run-${run % 8}` + (run >= 8 ? ` lap-${Math.min(2, Math.floor(run / 8))}` : "");
}

// A short line with the run's mark on it, as in the charts.
function swatch(run) {
  return shape("svg", { class: `swatch ${runClass(run)}`, viewBox: "0 0 18 12", "aria-hidden": "true" },
    shape("path", { class: `line ${runClass(run)}`, d: "M0 6H18" }), mark(run, 9, 6));
}

// A run's name: the folder in front of it is the same for most runs, hence quiet, and a good place to break the line.
function runName(label) {
  const slash = label.lastIndexOf("/");
  if (slash < 0 || slash === label.length - 1 || /[<>\s]/.test(label)) return [label];
  return [element("span", { class: "prefix" }, label.slice(0, slash + 1)), element("wbr"), label.slice(slash + 1)];
}

// Runs differ in the form of their marks too, for those who do not see the colours.
function mark(run, x, y) {
  const forms = [
    `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0`,
    `M${x - 3.6} ${y - 3.6}h7.2v7.2h-7.2z`,
    `M${x} ${y - 4.8}l4.6 8h-9.2z`,
    `M${x} ${y - 5}l5 5l-5 5l-5 -5z`,
  ];
  return shape("path", { class: `mark run-${run % 8}`, d: forms[run % 4] });
}
