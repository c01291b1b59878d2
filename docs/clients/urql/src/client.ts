/** urql for the BookVerse API: a normalised cache, pages that add up, subscriptions as server-sent events. */
import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { createClient } from "graphql-sse";
import { debounce, map, pipe, type Source, switchMap } from "wonka";
import { SearchDocument, type SearchQuery } from "./generated.js";

/** An object without an id of its own is kept as part of the object that it was asked for with. */
const partOfItsParent = () => null;

/** `url` is that of /graphql. */
export function bookverse(url: string): Client {
  const events = createClient({ url });
  return new Client({
    url,
    preferGetMethod: false,
    exchanges: [
      cacheExchange({
        keys: {
          Artifact: partOfItsParent,
          Counterfactual: partOfItsParent,
          Explanation: partOfItsParent,
          Reason: partOfItsParent,
          Recommendation: partOfItsParent,
          RecommendationConnection: partOfItsParent,
          SearchConnection: partOfItsParent,
          SearchHit: partOfItsParent,
          WhyNot: partOfItsParent,
        },
        resolvers: { Query: { recommendations: relayPagination() } },
      }),
      fetchExchange,
      subscriptionExchange({
        forwardSubscription: ({ query, variables }) => ({
          subscribe: (sink) => ({ unsubscribe: events.subscribe({ query: query!, variables }, sink) }),
        }),
      }),
    ],
  });
}

type Hit = SearchQuery["search"]["nodes"][number];

/** Hits for what is typed: asked when the typing rests, and an answer that comes too late is dropped. */
export function searchAsYouType(client: Client, typed: Source<string>): Source<Hit[]> {
  return pipe(
    typed,
    debounce(() => 150),
    switchMap((text) => client.query(SearchDocument, { text })),
    map(({ data }) => data?.search.nodes ?? []),
  );
}
