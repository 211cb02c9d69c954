// What this user's org has: asked once for each user.

import * as api from "./api.js";

const known = new Map();

function once(name, ask) {
  const key = `${api.current().user} ${name}`;
  if (!known.has(key)) {
    const answer = ask();
    answer.catch(() => known.delete(key));
    known.set(key, answer);
  }
  return known.get(key);
}

// The fields of an object that this user may see, by name.
export const fieldsOf = (sobject) =>
  once(sobject, async () => new Map((await api.describe(sobject)).fields.map((field) => [field.name, field])));

export const stages = () => once("stages", () =>
  api.query("SELECT ApiName, MasterLabel, IsClosed, IsWon FROM OpportunityStage WHERE IsActive = true ORDER BY SortOrder"));

export const options = (field) => (field?.picklistValues ?? []).filter((each) => each.active).map(({ value, label }) => [value, label]);
