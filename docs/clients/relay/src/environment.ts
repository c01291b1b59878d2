/** A Relay environment for the BookVerse API: queries over HTTP, subscriptions over a WebSocket. */
import { createClient } from "graphql-ws";
import {
  Environment,
  type FetchFunction,
  type GraphQLResponse,
  Network,
  Observable,
  RecordSource,
  Store,
  type SubscribeFunction,
} from "relay-runtime";

/** `url` is that of /graphql; `webSocketImpl` is for node before 22, which has no WebSocket of its own. */
export function bookverse(url: string, webSocketImpl?: unknown) {
  const socket = createClient({ url: url.replace(/^http/, "ws"), webSocketImpl });

  const ask: FetchFunction = async ({ name, text }, variables) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
      body: JSON.stringify({ operationName: name, query: text, variables }),
    });
    return (await response.json()) as GraphQLResponse;
  };

  const listen: SubscribeFunction = ({ name, text }, variables) =>
    Observable.create<GraphQLResponse>((sink) =>
      socket.subscribe(
        { operationName: name, query: text!, variables },
        {
          next: (answer) => sink.next(answer as GraphQLResponse),
          error: (error) => sink.error(error instanceof Error ? error : new Error(JSON.stringify(error))),
          complete: () => sink.complete(),
        },
      ),
    );

  const environment = new Environment({
    network: Network.create(ask, listen),
    store: new Store(new RecordSource()),
  });
  return { environment, close: () => socket.dispose() };
}
