/** Documents without a component of their own. */
import { graphql } from "relay-runtime";

export const readers = graphql`
  query operationsReadersQuery {
    readers(first: 1)
  }
`;

export const explain = graphql`
  query operationsExplainQuery($userId: ID!, $bookId: ID!) {
    explain(userId: $userId, bookId: $bookId) {
      rank
      score
      contributions(first: 5) {
        kind
        amount
        text
      }
      whyNot {
        rule
        rank
      }
    }
  }
`;

export const recommendationsChanged = graphql`
  subscription operationsRecommendationsChangedSubscription($userId: ID!) {
    recommendationsChanged(userId: $userId, first: 5) {
      nodes {
        rank
        book {
          id
          title
        }
      }
    }
  }
`;
