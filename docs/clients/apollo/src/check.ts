/** Runs every document against the server at BOOKVERSE_URL: `npm test`. */
import assert from "node:assert/strict";
import { concat, delay, filter, firstValueFrom, map, of, timeout } from "rxjs";
import { WebSocket } from "ws";
import { bookverse, searchAsYouType } from "./client.js";
import { ExplainDocument, ReadersDocument, RecommendationsChangedDocument, RecommendationsDocument } from "./generated.js";

const url = process.env.BOOKVERSE_URL;
assert(url, "BOOKVERSE_URL must be the address of a server's /graphql");
const { client, close } = bookverse(url, WebSocket);

const [userId] = (await client.query({ query: ReadersDocument })).data?.readers ?? [];
assert(userId, "the server knows no reader");

const list = client.watchQuery({ query: RecommendationsDocument, variables: { userId, first: 10 } });
const complete = list.pipe(filter((result) => result.dataState === "complete"), map(({ data }) => data.recommendations));
/** What is shown as soon as it is `length` long; it may then hold more than that, which is a fault. */
const shown = (length: number) =>
  firstValueFrom(complete.pipe(filter(({ edges }) => edges.length >= length), timeout(20_000)));
const watching = list.subscribe({});
for (const length of [10, 20, 30]) {
  const { edges, pageInfo } = await shown(length);
  const nodes = edges.map(({ node }) => node);
  assert.deepEqual(nodes.map(({ rank }) => rank), Array.from({ length }, (_, at) => at + 1));
  assert.equal(new Set(nodes.map(({ book }) => book.bookId)).size, length, "a book is listed twice");
  assert(nodes.every(({ reasons }) => reasons.length > 0), "a book has no reasons");
  await list.fetchMore({ variables: { after: pageInfo.endCursor } });
}
const best = (await shown(10)).edges[0]!.node.book;
watching.unsubscribe();

const { data: why } = await client.query({ query: ExplainDocument, variables: { userId, bookId: best.bookId } });
assert.equal(why?.explain.rank, 1);
assert(why.explain.contributions.length > 0);

const typed = concat(of(best.title.slice(0, 3)), of(best.title.slice(0, -1)).pipe(delay(20)));
const hits = await firstValueFrom(searchAsYouType(client, typed));
assert(hits.some(({ book }) => book.title === best.title), "the search does not find the title");

if (process.env.BOOKVERSE_PUBLISHES) {
  const changed = firstValueFrom(client.subscribe({ query: RecommendationsChangedDocument, variables: { userId } }));
  console.log("waiting for a new bundle");
  assert.equal((await changed).data?.recommendationsChanged.nodes.length, 5);
}
await close();
console.log("apollo: every document was answered");
