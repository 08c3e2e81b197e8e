// How figures are written. Decides on digits and units only.

const plain = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const cents = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const two = new Intl.NumberFormat("en", { maximumSignificantDigits: 2 });
const digits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
const DAY = 86400;

export const NOTHING = "–";

const isMissing = (value) => value === null || value === undefined;

export function number(value) {
  if (isMissing(value)) return NOTHING;
  return Math.abs(value) >= 1e5 ? short.format(value) : plain.format(value);
}

export function percent(rate) {
  return isMissing(rate) ? NOTHING : `${(rate * 100).toFixed(rate > 0 && rate < 1 ? 1 : 0)} %`;
}

export function dollars(value) {
  if (isMissing(value)) return "price unknown";
  return value === 0 || value >= 1 ? `$${cents.format(value)}` : `$${digits.format(value)}`;
}

export function duration(milliseconds) {
  if (milliseconds >= 1000) return `${two.format(milliseconds / 1000)} s`;
  return `${two.format(milliseconds)} ms`;
}

// A length of time in its largest unit: "5 min", "3 d".
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [size, unit] = UNITS.find(([least]) => whole >= least) ?? [1, "s"];
  return `${Math.floor(whole / size)} ${unit}`;
}

export function time(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour12: false });
}

export function dateTime(seconds) {
  const date = new Date(seconds * 1000);
  return `${date.toLocaleDateString([], { day: "numeric", month: "short" })}, ${time(seconds)}`;
}

// The label of a moment on an axis whose steps are so long.
export function moment(seconds, step) {
  const date = new Date(seconds * 1000);
  if (step >= DAY) return date.toLocaleDateString([], { day: "numeric", month: "short" });
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}
