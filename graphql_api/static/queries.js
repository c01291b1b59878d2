// The queries of the page, and those that it offers to try.

export const START = `{
  readers(first: 6)
  bundle { version model modelKind source users books interactions }
}`;

export const READER = `query Reader($id: ID!) {
  user(id: $id) {
    known
    historySize
    history(first: 30) { nodes { bookId title authors coverUrl } }
  }
  recommendations(userId: $id, first: 10) {
    nodes {
      rank
      score
      servedFrom
      book { bookId title authors year publisher coverUrl }
      parts: reasons(first: 100) { kind amount }
      reasons(first: 4) { kind amount text }
    }
  }
}`;

export const EXAMPLES = [
  {
    name: "Recommendations with reasons",
    query: `query Recommendations($userId: ID!) {
  recommendations(userId: $userId, first: 3) {
    nodes {
      rank
      score
      servedFrom
      book { title authors year }
      reasons(first: 2) {
        kind
        amount
        text
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    variables: ({ userId }) => ({ userId }),
  },
  {
    name: "What a reader has read",
    query: `query Reader($id: ID!) {
  user(id: $id) {
    known
    historySize
    cohort
    history(first: 5) { nodes { bookId title authors year publisher } }
  }
}`,
    variables: ({ userId }) => ({ id: userId }),
  },
  {
    name: "Similar books",
    query: `query Similar($bookId: ID!) {
  book(id: $bookId) { title authors }
  similarBooks(bookId: $bookId, first: 5) {
    nodes { rank score book { title authors } }
  }
  alsoRead(bookId: $bookId, first: 5) {
    nodes { rank readers share book { title authors } }
  }
}`,
    variables: ({ bookId }) => ({ bookId }),
  },
  {
    name: "Search, as one types",
    query: `query Search($text: String!) {
  search(text: $text, first: 5) {
    nodes { rank score book { bookId title authors year } }
  }
}`,
    variables: () => ({ text: "hary poter and the cham" }),
  },
  {
    name: "Why this book, and what without",
    query: `query Explain($userId: ID!, $bookId: ID!) {
  explain(userId: $userId, bookId: $bookId) {
    rank
    score
    book { title }
    contributions(first: 5) { kind amount text }
    counterfactuals(first: 2) { said true book { title } }
    whyNot { rule rank score lastScore }
  }
}`,
    variables: ({ userId, bookId }) => ({ userId, bookId }),
  },
  {
    name: "For a cart, without a reader",
    query: `query Cart($bookIds: [ID!]!) {
  personalized(bookIds: $bookIds, first: 5, rerank: { diversity: 0.3, perAuthor: 1 }) {
    nodes { rank score book { title authors } reasons(first: 1) { text } }
    unknownBookIds
  }
}`,
    variables: ({ bookId }) => ({ bookIds: [bookId] }),
  },
  {
    name: "An unknown reader",
    query: `{
  user(id: "nobody-yet") { known historySize }
  recommendations(userId: "nobody-yet", first: 3) {
    nodes {
      servedFrom
      book { title }
      reasons(first: 1) { text amount }
    }
  }
}`,
    variables: () => ({}),
  },
  {
    name: "Metrics and the bundle",
    query: `{
  bundle { version model modelKind source seed users books }
  metrics(k: 10) { model metric mean low high users }
}`,
    variables: () => ({}),
  },
  {
    name: "The schema",
    query: `{
  __schema {
    queryType {
      fields {
        name
        description
        args { name description defaultValue }
      }
    }
  }
}`,
    variables: () => ({}),
  },
];
