/** Apollo Client for the BookVerse API: queries over HTTP, subscriptions over a WebSocket, pages that add up. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { relayStylePagination } from "@apollo/client/utilities";
import { OperationTypeNode } from "graphql";
import { createClient } from "graphql-ws";
import { debounceTime, distinctUntilChanged, map, type Observable, switchMap } from "rxjs";
import { SearchDocument, type SearchQuery } from "./generated.js";

/** `url` is that of /graphql; `webSocketImpl` is for node before 22, which has no WebSocket of its own. */
export function bookverse(url: string, webSocketImpl?: unknown) {
  const socket = createClient({ url: url.replace(/^http/, "ws"), webSocketImpl });
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      new GraphQLWsLink(socket),
      new HttpLink({ uri: url }),
    ),
    cache: new InMemoryCache({
      typePolicies: {
        Query: {
          fields: {
            // the arguments that make it another list; `first` and `after` only say which page
            recommendations: relayStylePagination(["userId", "strategy", "filter", "rerank"]),
          },
        },
      },
    }),
  });
  return { client, close: () => socket.dispose() };
}

type Hit = SearchQuery["search"]["nodes"][number];

/** Hits for what is typed: asked when the typing rests, and an answer that comes too late is dropped. */
export function searchAsYouType(client: ApolloClient, typed: Observable<string>): Observable<Hit[]> {
  return typed.pipe(
    debounceTime(150),
    distinctUntilChanged(),
    switchMap((text) => client.query({ query: SearchDocument, variables: { text } })),
    map(({ data }) => data?.search.nodes ?? []),
  );
}
