// The rival's side of the race: a model in ONNX Runtime on one thread.
//
//   node rival.js MODULES MODEL TYPE SHAPE INPUT OUTPUT OUTPUT_TYPE OUTPUT_SHAPE
//
// MODULES is the folder node_modules that holds onnxruntime-node; TYPE is uint8 or float32, SHAPE a list with commas, INPUT
// a file of raw numbers. Runs once, writes the result to OUTPUT, prints a line of JSON, and then answers each line N of its
// input with the median of N runs in microseconds, after one run that is not counted. The result's memory is allocated
// once, before the clock starts.

"use strict";

const fs = require("fs");
const path = require("path");
const readline = require("readline");

const [modules, modelFile, type, shape, inputFile, outputFile, outputType, outputShape] = process.argv.slice(2);
const folder = path.join(modules, "onnxruntime-node");
const ort = require(folder);

function extents(text) {
  return text.split(",").map(Number);
}

function makeTensor(kind, dims, bytes) {
  const Numbers = kind === "uint8" ? Uint8Array : Float32Array;
  const numbers = new Numbers(dims.reduce((a, b) => a * b, 1));
  if (bytes) new Uint8Array(numbers.buffer).set(bytes);
  return new ort.Tensor(kind, numbers, dims);
}

function median(times) {
  times.sort((a, b) => a - b);
  return times[times.length >> 1];
}

async function main() {
  const session = await ort.InferenceSession.create(modelFile, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
  const feeds = {[session.inputNames[0]]: makeTensor(type, extents(shape), fs.readFileSync(inputFile))};
  const fetches = {[session.outputNames[0]]: makeTensor(outputType, extents(outputShape))};
  const results = await session.run(feeds, fetches);
  const data = results[session.outputNames[0]].data;
  fs.writeFileSync(outputFile, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  console.log(JSON.stringify({version: require(path.join(folder, "package.json")).version}));
  for await (const line of readline.createInterface({input: process.stdin})) {
    const times = [];
    for (let i = 0; i <= Number(line); ++i) {
      const start = process.hrtime.bigint();
      await session.run(feeds, fetches);
      times.push(Number(process.hrtime.bigint() - start) / 1000);
    }
    console.log(median(times.slice(1)));
  }
}

main().catch((error) => {
  console.error(`rival.js: ${error.message}`);
  process.exit(1);
});
