// How figures are written. Decides on digits and units only.

const plain = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const two = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

export const NOTHING = "–";

export function number(value) {
  if (value === null || value === undefined) return NOTHING;
  return Math.abs(value) >= 1e5 ? short.format(value) : plain.format(value);
}

export function percent(rate) {
  return rate === null ? NOTHING : `${(rate * 100).toFixed(rate > 0 && rate < 1 ? 1 : 0)} %`;
}

export function dollars(value) {
  if (value === null) return "price unknown";
  return value === 0 || value >= 1 ? `$${cents.format(value)}` : `$${digits.format(value)}`;
}

export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${two.format(milliseconds / 1000)} s`;
  return `${two.format(milliseconds)} ms`;
}

export function time(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

// The label of a moment on the axis of a range.
export function moment(seconds, range) {
  const date = new Date(seconds * 1000);
  if (range === "month") return date.toLocaleDateString([], { day: "numeric", month: "short" });
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}
