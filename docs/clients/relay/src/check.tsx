/** Shows the components in a document without a browser, on the server at BOOKVERSE_URL: `npm test`. */
import assert from "node:assert/strict";
import { Window } from "happy-dom";
import { act, type ReactNode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { RelayEnvironmentProvider } from "react-relay";
import { type Disposable, fetchQuery, requestSubscription } from "relay-runtime";
import { WebSocket } from "ws";
import type { operationsExplainQuery } from "./__generated__/operationsExplainQuery.graphql";
import type { operationsReadersQuery } from "./__generated__/operationsReadersQuery.graphql";
import type { operationsRecommendationsChangedSubscription } from "./__generated__/operationsRecommendationsChangedSubscription.graphql";
import { bookverse } from "./environment";
import { explain, readers, recommendationsChanged } from "./operations";
import { Recommendations } from "./Recommendations";
import { Search } from "./Search";

const url = process.env.BOOKVERSE_URL;
assert(url, "BOOKVERSE_URL must be the address of a server's /graphql");
const { environment, close } = bookverse(url, WebSocket);

const window = new Window();
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: true });

/** An element that shows `what`, and a way to wait for what it will show. */
async function shown(what: ReactNode) {
  const element = document.createElement("main");
  document.body.append(element);
  const root = createRoot(element);
  await act(async () =>
    root.render(
      <RelayEnvironmentProvider environment={environment}>
        <Suspense>{what}</Suspense>
      </RelayEnvironmentProvider>,
    ),
  );
  const until = async (ready: () => boolean, what: string) => {
    for (const deadline = Date.now() + 20_000; !ready(); ) {
      assert(Date.now() < deadline, `it never showed ${what}: ${element.textContent}`);
      await act(() => new Promise((resolve) => setTimeout(resolve, 20)));
    }
  };
  return { element, until, end: () => act(async () => root.unmount()) };
}

async function pagesOfRecommendations(userId: string) {
  const { element, until, end } = await shown(<Recommendations userId={userId} />);
  const items = () => [...element.querySelectorAll("li")];
  for (const pages of [1, 2, 3]) {
    await until(() => items().length === 10 * pages, `${pages} pages`);
    assert.deepEqual(items().map(({ value }) => value), Array.from({ length: 10 * pages }, (_, at) => at + 1));
    const books = items().map(({ dataset }) => dataset.book);
    assert.equal(new Set(books).size, books.length, "a book is listed twice");
    assert(items().every((item) => item.querySelector("small")?.textContent), "a book has no reasons");
    await act(async () => element.querySelector("button")?.click());
  }
  const best = items()[0]!;
  const found = { bookId: best.dataset.book!, title: best.querySelector("cite")!.textContent };
  await end();
  return found;
}

async function searchOf(title: string) {
  const { element, until, end } = await shown(<Search />);
  const input = element.querySelector("input")!;
  for (const typed of [title.slice(0, 3), title.slice(0, -1)]) {
    input.value = typed;
    await act(async () => input.dispatchEvent(new window.Event("input", { bubbles: true }) as unknown as Event));
  }
  await until(() => [...element.querySelectorAll("li")].some((hit) => hit.textContent === title), title);
  await end();
}

async function changeFor(userId: string) {
  type Changed = operationsRecommendationsChangedSubscription;
  let listening: Disposable | undefined;
  const changed = new Promise<Changed["response"]>((resolve, reject) => {
    listening = requestSubscription<Changed>(environment, {
      subscription: recommendationsChanged,
      variables: { userId },
      onNext: (answer) => answer && resolve(answer),
      onError: reject,
    });
  });
  console.log("waiting for a new bundle");
  assert.equal((await changed).recommendationsChanged.nodes.length, 5);
  listening?.dispose();
}

async function main() {
  const known = await fetchQuery<operationsReadersQuery>(environment, readers, {}).toPromise();
  const userId = known?.readers[0];
  assert(userId, "the server knows no reader");
  const { bookId, title } = await pagesOfRecommendations(userId);
  const variables = { userId, bookId };
  const why = await fetchQuery<operationsExplainQuery>(environment, explain, variables).toPromise();
  assert.equal(why?.explain.rank, 1);
  assert(why.explain.contributions.length > 0);
  await searchOf(title);
  if (process.env.BOOKVERSE_PUBLISHES) await changeFor(userId);
  await close();
  await window.happyDOM.close();
  console.log("relay: every document was answered");
  // Relay keeps what a suspended component asked for during five minutes, by a timer that node would wait for
  process.exit();
}

void main();
