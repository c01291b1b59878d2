/** Ten recommendations with their reasons, and ten more at each press of a button. */
import { graphql, useLazyLoadQuery, usePaginationFragment } from "react-relay";
import type { RecommendationsPageQuery } from "./__generated__/RecommendationsPageQuery.graphql";
import type { Recommendations_list$key } from "./__generated__/Recommendations_list.graphql";
import type { RecommendationsQuery } from "./__generated__/RecommendationsQuery.graphql";

export function Recommendations({ userId }: { userId: string }) {
  const query = useLazyLoadQuery<RecommendationsQuery>(
    graphql`
      query RecommendationsQuery($userId: ID!) {
        ...Recommendations_list @arguments(userId: $userId)
      }
    `,
    { userId },
  );
  return <List of={query} />;
}

function List({ of }: { of: Recommendations_list$key }) {
  const { data, hasNext, loadNext } = usePaginationFragment<RecommendationsPageQuery, Recommendations_list$key>(
    graphql`
      fragment Recommendations_list on Query
      @refetchable(queryName: "RecommendationsPageQuery")
      @argumentDefinitions(
        userId: { type: "ID!" }
        first: { type: "Int", defaultValue: 10 }
        after: { type: "String" }
      ) {
        recommendations(userId: $userId, first: $first, after: $after)
          @connection(key: "Recommendations_recommendations") {
          edges {
            node {
              rank
              book {
                id
                bookId
                title
                authors
              }
              reasons(first: 3) {
                text
                book {
                  title
                }
              }
            }
          }
        }
      }
    `,
    of,
  );
  return (
    <>
      <ol>
        {data.recommendations.edges.map(({ node: { rank, book, reasons } }) => (
          <li key={book.id} value={rank} data-book={book.bookId}>
            <cite>{book.title}</cite> {book.authors.join(", ")}
            <small>{reasons.map(({ text, book }) => [text, book?.title].filter(Boolean).join(" ")).join("; ")}</small>
          </li>
        ))}
      </ol>
      {hasNext && <button onClick={() => loadNext(10)}>More</button>}
    </>
  );
}
