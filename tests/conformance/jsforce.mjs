// Plays jsforce against the org at INSTANCE_URL and prints what it got as one JSON object.
import { createRequire } from "node:module";

const jsforce = createRequire(process.env.JSFORCE)("jsforce");
const instanceUrl = process.env.INSTANCE_URL;
const conn = new jsforce.Connection({ instanceUrl, accessToken: process.env.ACCESS_TOKEN, version: "66.0" });
const seen = {};

seen.identity = (await conn.identity()).username;
seen.query = (await conn.query("SELECT Id, Name FROM Opportunity LIMIT 3")).records.length;
seen.all = (await conn.query("SELECT Id FROM PricebookEntry").execute({ autoFetch: true, maxFetch: 10000 })).length;

const one = await conn.sobject("Account").create({ Name: "One" });
const several = await conn.sobject("Account").create([{ Name: "Two" }, { Phone: "no name" }]);
seen.create = [one.success, ...several.map((each) => each.success)];
seen.update = (await conn.sobject("Account").update([{ Id: one.id, Phone: "1" }]))[0].success;
seen.updateOne = (await conn.sobject("Account").update({ Id: one.id, Site: "North" })).success;
seen.retrieve = (await conn.sobject("Account").retrieve([one.id, several[0].id])).map((each) => each.Name);
seen.upsert = (await conn.sobject("Contact").upsert({ LastName: "Doe", Email: "j@doe.example" }, "Email")).created;
seen.upsertAgain = (await conn.sobject("Contact").upsert({ LastName: "Roe", Email: "j@doe.example" }, "Email")).created;
seen.describe = (await conn.sobject("Account").describe()).keyPrefix;
seen.describeGlobal = (await conn.describeGlobal()).sobjects.some((each) => each.name === "Opportunity");
seen.delete = (await conn.sobject("Account").destroy([one.id, several[0].id])).map((each) => each.success);

const root = "/services/data/v66.0";
const composite = await conn.requestPost(`${root}/composite`, {
  compositeRequest: [
    { referenceId: "a", method: "POST", url: `${root}/sobjects/Account`, body: { Name: "Composite" } },
    { referenceId: "b", method: "GET", url: `${root}/sobjects/Account/@{a.id}?fields=Name` },
  ],
});
seen.composite = composite.compositeResponse.map((each) => each.httpStatusCode);
const graph = await conn.requestPost(`${root}/composite/graph`, {
  graphs: [{ graphId: "g", compositeRequest: [
    { referenceId: "a", method: "POST", url: `${root}/sobjects/Account`, body: { Name: "Graph" } },
  ] }],
});
seen.graph = graph.graphs[0].isSuccessful;

const loaded = await conn.bulk.load("Account", "insert", [{ Name: "Bulk 1", Phone: "1" }, { Name: "", Phone: "no name" }]);
seen.bulk = loaded.map((each) => each.success);
conn.bulk2.pollInterval = 50;
const ingested = await conn.bulk2.loadAndWaitForResults({
  object: "Account", operation: "insert", input: [{ Name: "Bulk 2", Phone: "1" }, { Name: "", Phone: "no name" }],
});
seen.bulk2 = [ingested.successfulResults.length, ingested.failedResults.length];
const rows = await conn.bulk2.query("SELECT Name FROM Account WHERE Name LIKE 'Bulk %' ORDER BY Name");
seen.bulk2Query = (await rows.toArray()).map((each) => each.Name);
const streamed = await conn.bulk.query("SELECT Name FROM Account WHERE Name LIKE 'Bulk %' ORDER BY Name");
seen.bulkQuery = (await streamed.toArray()).map((each) => each.Name);

seen.metadataTypes = (await conn.metadata.describe("66.0")).metadataObjects.length;
seen.limits = (await conn.limits()).DailyApiRequests.Max;
try {
  await conn.query("SELECT Nonsense FROM Account");
} catch (error) {
  seen.error = error.errorCode;
}
try {
  await new jsforce.Connection({ loginUrl: instanceUrl }).login("a@b.example", "secret");
} catch (error) {
  seen.login = error.message.split(":")[0];
}
console.log(JSON.stringify(seen));
