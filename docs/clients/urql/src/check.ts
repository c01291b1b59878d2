/** Runs every document against the server at BOOKVERSE_URL: `npm test`. */
import assert from "node:assert/strict";
import { concat, delay, fromValue, pipe, take, toPromise } from "wonka";
import { bookverse, searchAsYouType } from "./client.js";
import { ExplainDocument, ReadersDocument, RecommendationsChangedDocument, RecommendationsDocument } from "./generated.js";

const url = process.env.BOOKVERSE_URL;
assert(url, "BOOKVERSE_URL must be the address of a server's /graphql");
const client = bookverse(url);

const [userId] = (await client.query(ReadersDocument, {})).data?.readers ?? [];
assert(userId, "the server knows no reader");

/** The list as it is shown once the page after a cursor has come. */
async function shown(after: string | null) {
  const { data, error } = await client.query(RecommendationsDocument, { userId: userId!, first: 10, after });
  assert(data, error?.message);
  return data.recommendations;
}

let list = await shown(null);
for (const length of [10, 20, 30]) {
  const nodes = list.edges.map(({ node }) => node);
  assert.deepEqual(nodes.map(({ rank }) => rank), Array.from({ length }, (_, at) => at + 1));
  assert.equal(new Set(nodes.map(({ book }) => book.bookId)).size, length, "a book is listed twice");
  assert(nodes.every(({ reasons }) => reasons.length > 0), "a book has no reasons");
  list = await shown(list.pageInfo.endCursor);
}
const { bookId, title } = list.edges[0]!.node.book;

const why = await client.query(ExplainDocument, { userId, bookId });
assert.equal(why.data?.explain.rank, 1);
assert(why.data.explain.contributions.length > 0);

const typed = concat([fromValue(title.slice(0, 3)), pipe(fromValue(title.slice(0, -1)), delay(20))]);
const hits = await pipe(searchAsYouType(client, typed), take(1), toPromise);
assert(hits.some(({ book }) => book.title === title), "the search does not find the title");

if (process.env.BOOKVERSE_PUBLISHES) {
  const changed = pipe(client.subscription(RecommendationsChangedDocument, { userId }), take(1), toPromise);
  console.log("waiting for a new bundle");
  assert.equal((await changed).data?.recommendationsChanged.nodes.length, 5);
}
console.log("urql: every document was answered");
