// What ONNX Runtime answers: the class with the largest logit of each image, a line each.
//
//   node classify.js MODULES MODEL IMAGES COUNT
//
// MODULES is the folder node_modules that holds onnxruntime-node; IMAGES a gzipped IDX file of bytes, as Fashion-MNIST has
// them. The model takes raw pixels [batch, 1, height, width] as its only input.

"use strict";

const fs = require("fs");
const path = require("path");
const zlib = require("zlib");

const [modules, modelFile, imageFile, count] = process.argv.slice(2);
const ort = require(path.join(modules, "onnxruntime-node"));

const kBatch = 100, kIdxHeader = 16;

function readImages() {
  const bytes = zlib.gunzipSync(fs.readFileSync(imageFile));
  const height = bytes.readUInt32BE(8), width = bytes.readUInt32BE(12);
  return {height, width, pixels: bytes.subarray(kIdxHeader)};
}

function indexOfLargest(values) {
  let best = 0;
  for (let i = 1; i < values.length; ++i) if (values[i] > values[best]) best = i;
  return best;
}

async function main() {
  const session = await ort.InferenceSession.create(modelFile, {logSeverityLevel: 3});
  const {height, width, pixels} = readImages();
  const size = height * width;
  for (let first = 0; first < Number(count); first += kBatch) {
    const batch = Math.min(kBatch, Number(count) - first);
    const input = Float32Array.from(pixels.subarray(first * size, (first + batch) * size));
    const feeds = {[session.inputNames[0]]: new ort.Tensor("float32", input, [batch, 1, height, width])};
    const logits = (await session.run(feeds))[session.outputNames[0]];
    const classes = logits.dims[1];
    for (let i = 0; i < batch; ++i) {
      console.log(indexOfLargest(logits.data.subarray(i * classes, (i + 1) * classes)));
    }
  }
}

main().catch((error) => {
  console.error(`classify.js: ${error.message}`);
  process.exit(1);
});
