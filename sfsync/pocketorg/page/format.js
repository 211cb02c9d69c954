// Values as people read them, in their own time zone.

const LANGUAGE = "en-US";
// an org with one currency does not say through its API which; the sample company sells in dollars
const CURRENCY = "USD";

export const money = (value, currency = CURRENCY) =>
  value === null || value === undefined ? "" : new Intl.NumberFormat(LANGUAGE, { style: "currency", currency }).format(value);

export const number = (value) => (value === null || value === undefined ? "" : new Intl.NumberFormat(LANGUAGE).format(value));

// a date has no time zone: read as UTC it stays the day that it is
export const day = (value) =>
  value ? new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(`${value}T00:00:00Z`)) : "";

// Salesforce writes +0000, which only some browsers read
const instant = (value) => new Date(value.replace(/\+0000$/, "Z"));

export function time(value) {
  if (!value) return "";
  const when = instant(value);
  const today = when.toDateString() === new Date().toDateString();
  const parts = today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
  return (today ? "today " : "") + new Intl.DateTimeFormat(LANGUAGE, parts).format(when);
}

export const seconds = (from, until) => Math.max(0, Math.round((instant(until) - instant(from)) / 1000));

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
