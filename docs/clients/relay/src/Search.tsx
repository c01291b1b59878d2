/** Search as you type: the hits before stay until the next ones are there. */
import { Suspense, useDeferredValue, useState } from "react";
import { graphql, useLazyLoadQuery } from "react-relay";
import type { SearchQuery } from "./__generated__/SearchQuery.graphql";

export function Search() {
  const [text, setText] = useState("");
  const asked = useDeferredValue(text);
  return (
    <>
      <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      <Suspense>{asked && <Hits text={asked} />}</Suspense>
    </>
  );
}

function Hits({ text }: { text: string }) {
  const { search } = useLazyLoadQuery<SearchQuery>(
    graphql`
      query SearchQuery($text: String!) {
        search(text: $text, first: 5) {
          nodes {
            book {
              id
              title
            }
          }
        }
      }
    `,
    { text },
  );
  return (
    <ul>
      {search.nodes.map(({ book }) => (
        <li key={book.id}>{book.title}</li>
      ))}
    </ul>
  );
}
