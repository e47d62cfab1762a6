// Numbers as text. An exact figure shows what the file holds to ten digits; tables also carry it in data-value.
const plain = (value, digits) => value.toLocaleString("en-US", { maximumFractionDigits: digits });
const significant = (value, digits) =>
  value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e15)
    ? value.toExponential(digits - 1).replace(/\.?0+e/, "e")
    : value.toLocaleString("en-US", { maximumSignificantDigits: digits });

const percentUnit = {
  short: (value) => (value * 100).toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) + " %",
  exact: (value) => significant(value * 100, 10) + " %",
  tick: (value) => significant(value * 100, 4) + " %",
};
const decibelUnit = {
  short: (value) => value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 }) + " dB",
  exact: (value) => significant(value, 10) + " dB",
  tick: (value) => significant(value, 4) + " dB",
};
const numberUnit = {
  short: (value) => significant(value, 4),
  exact: (value) => significant(value, 10),
  tick: (value) => significant(value, 4),
};
const countUnit = { short: (value) => plain(value, 0), exact: (value) => plain(value, 0), tick: (value) => plain(value, 0) };
const epochText = (value) => plain(value, 3);

function bytesText(value) {
  const units = ["bytes", "kB", "MB", "GB"];
  let power = 0;
  while (power < 3 && value / 1000 ** power >= 1000) ++power;
  return power === 0 ? `${value} bytes` : `${significant(value / 1000 ** power, 3)} ${units[power]}`;
}

function durationText(seconds) {
  if (seconds < 60) return `${significant(seconds, 3)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}
