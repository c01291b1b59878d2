// The queries of the page, and those that it offers to try.

export const START = `{
  readers(first: 6)
  bundle { version model modelKind source users books interactions }
}`;

export const READER = `query Reader($id: ID!) {
  user(id: $id) {
    known
    historySize
    history(first: 30) { id title authors coverUrl }
  }
  recommendations(userId: $id, first: 10) {
    rank
    score
    servedFrom
    book { id title authors year publisher coverUrl }
    parts: reasons(first: 100) { kind amount }
    reasons(first: 4) { kind amount text }
  }
}`;

export const EXAMPLES = [
  {
    name: "Recommendations with reasons",
    query: `query Recommendations($userId: ID!) {
  recommendations(userId: $userId, first: 3) {
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
}`,
    variables: ({ userId }) => ({ userId }),
  },
  {
    name: "What a reader has read",
    query: `query Reader($id: ID!) {
  user(id: $id) {
    known
    historySize
    history(first: 5) { id title authors year publisher }
  }
}`,
    variables: ({ userId }) => ({ id: userId }),
  },
  {
    name: "Similar books",
    query: `query Similar($bookId: ID!) {
  book(id: $bookId) { title authors }
  similarBooks(bookId: $bookId, first: 5) {
    rank
    score
    book { title authors }
  }
}`,
    variables: ({ bookId }) => ({ bookId }),
  },
  {
    name: "An unknown reader",
    query: `{
  user(id: "nobody-yet") { known historySize }
  recommendations(userId: "nobody-yet", first: 3) {
    servedFrom
    book { title }
    reasons(first: 1) { text amount }
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
