#include "lowbit/report/browser_test/page_reading.h"

#include <algorithm>
#include <cstdio>

#include "lowbit/base/file.h"

namespace lowbit::report {
namespace {

using nlohmann::json;

// Chooses every tab, opens every table, and collects what stands there. A chart's lines are numbered by their class.
constexpr const char* kReader = R"js((async () => {
  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const reading = { cells: [], lines: [], bands: [], width: 0, opened: true };
  const until = async (condition) => { for (let i = 0; i < 3000 && !condition(); ++i) await wait(10); return condition(); };
  const ready = () => document.documentElement.dataset.ready === "true";
  const pointsOf = (d) => {
    const points = []; let x = 0, y = 0;
    for (const [, letter, rest] of d.matchAll(/([MLHV])([^MLHV]*)/g)) {
      const n = rest.trim().split(/\s+/).map(Number);
      if (letter === "H") x = n[0]; else if (letter === "V") y = n[0]; else [x, y] = n;
      if (letter !== "H") points.push([x, y]);
    }
    return points;
  };
  const runOf = (node) => Number([...node.classList].find((name) => /^run-\d+$/.test(name)).slice(4));
  const collect = async (root) => {
    for (const details of root.querySelectorAll("details")) details.open = true;
    reading.opened &&= await until(() => [...root.querySelectorAll("figure details")].every((d) => d.querySelector("table")));
    for (const cell of root.querySelectorAll("[data-value]")) {
      const figure = cell.closest("figure");
      const { run, x, key, value } = cell.dataset;
      reading.cells.push({ figure: figure ? figure.dataset.figure : "summary", layer: (figure && figure.dataset.layer) || "",
        run: Number(run), x: x === undefined ? -1 : Number(x), key: key || "", value: Number(value) });
    }
    for (const path of root.querySelectorAll("figure .plot path.line, figure .plot path.band")) {
      const figure = path.closest("figure");
      (path.classList.contains("band") ? reading.bands : reading.lines).push({ figure: figure.dataset.figure, layer: figure.dataset.layer || "", run: runOf(path),
        points: pointsOf(path.getAttribute("d")) });
    }
    // With the figures of every chart's last place standing beside it.
    for (const chart of root.querySelectorAll("svg[tabindex]")) chart.dispatchEvent(new KeyboardEvent("keydown", { key: "End" }));
    reading.width = Math.max(reading.width, document.documentElement.scrollWidth, document.body.scrollWidth);
  };
  await collect(document);
  reading.tips = document.querySelectorAll(".tip:not([hidden])").length;
  for (const tab of document.querySelectorAll('[data-tab]:not([aria-selected="true"])')) {
    tab.click();
    await collect(document.getElementById(tab.getAttribute("aria-controls")));
  }
  reading.ready = ready() && reading.opened;
  reading.background = getComputedStyle(document.body).backgroundColor;
  reading.title = document.title;
  reading.text = document.body.innerText;
  reading.broken = window.broken === true;
  return reading;
})())js";

Status SetScreen(Browser* browser, const Screen& screen) {
  LOWBIT_RETURN_IF_ERROR(
      browser->Call("Emulation.setDeviceMetricsOverride", {{"width", screen.width},
                                                           {"height", screen.height},
                                                           {"deviceScaleFactor", screen.phone ? 2 : 1},
                                                           {"mobile", screen.phone}}));
  const json feature = {{"name", "prefers-color-scheme"}, {"value", screen.dark ? "dark" : "light"}};
  LOWBIT_RETURN_IF_ERROR(browser->Call("Emulation.setEmulatedMedia", {{"features", json::array({feature})}}));
  return Ok();
}

void SortEvents(const std::vector<json>& events, const std::string& url, PageReading* reading) {
  for (const json& event : events) {
    const std::string method = event["method"];
    const json& parameters = event["params"];
    if (method == "Runtime.exceptionThrown") reading->complaints.push_back(parameters["exceptionDetails"].dump());
    if (method == "Log.entryAdded") reading->complaints.push_back(parameters["entry"].dump());
    if (method == "Runtime.consoleAPICalled") {
      const std::string type = parameters["type"];
      if (type == "error" || type == "warning" || type == "assert") reading->complaints.push_back(parameters.dump());
    }
    if (method == "Network.requestWillBeSent") {
      const std::string address = parameters["request"]["url"];
      if (address != url && address.rfind("data:", 0) != 0) reading->requests.push_back(address);
    }
    if (method == "Network.webSocketCreated") reading->requests.push_back(parameters["url"]);
  }
}

std::map<std::string, std::vector<std::pair<double, double>>> ReadPaths(const json& paths) {
  std::map<std::string, std::vector<std::pair<double, double>>> points;
  for (const json& path : paths) {
    const std::string key =
        path["figure"].get<std::string>() + "/" + path["layer"].get<std::string>() + "/" + path["run"].dump();
    points[key] = path["points"].get<std::vector<std::pair<double, double>>>();
  }
  return points;
}

}  // namespace

std::string TableKey(const std::string& figure, const std::string& layer, int run, double x, const std::string& key) {
  char text[64];
  std::snprintf(text, sizeof(text), "/%d/%.17g/", run, x);
  return figure + "/" + layer + text + key;
}

Result<PageReading> ReadPage(Browser* browser, const std::string& path, const Screen& screen) {
  const std::string url = "file://" + path;
  LOWBIT_RETURN_IF_ERROR(SetScreen(browser, screen));
  LOWBIT_RETURN_IF_ERROR(browser->Open(url));
  LOWBIT_TRY(const json result, browser->Evaluate(kReader));
  PageReading reading;
  SortEvents(browser->events(), url, &reading);
  reading.ready = result["ready"];
  reading.scroll_width = result["width"];
  reading.tips = result["tips"];
  reading.background = result["background"];
  reading.title = result["title"];
  reading.text = result["text"];
  reading.broken_out = result["broken"];
  for (const json& cell : result["cells"]) {
    reading.cells[TableKey(cell["figure"], cell["layer"], cell["run"], cell["x"], cell["key"])] = cell["value"];
  }
  reading.lines = ReadPaths(result["lines"]);
  reading.bands = ReadPaths(result["bands"]);
  return reading;
}

Status SaveScreenshot(Browser* browser, const std::string& path) {
  LOWBIT_TRY(const json shot, browser->Call("Page.captureScreenshot", {{"captureBeyondViewport", true}}));
  // The browser sends base64.
  const std::string text = shot["data"];
  std::string bytes;
  unsigned bits = 0, count = 0;
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (const char letter : text) {
    const size_t value = letters.find(letter);
    if (value == std::string::npos) break;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xFF));
  }
  return WriteFileAtomic(path, bytes);
}

}  // namespace lowbit::report
