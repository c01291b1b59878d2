/** What Relay asks of a schema, and whether the documents are valid: `npm run lint`, from the repository's root. */
import graphql from "@graphql-eslint/eslint-plugin";

const parsed = {
  languageOptions: {
    parser: graphql.parser,
    parserOptions: {
      graphQLConfig: { schema: "graphql_api/schema.graphql", documents: "docs/clients/documents/*.graphql" },
    },
  },
  plugins: { "@graphql-eslint": graphql },
};

/** A subscription sends first pages alone, so it takes no `after`, which a rule would have of it. */
const withoutSubscriptions = {
  meta: { name: "without-subscriptions" },
  preprocess: (sdl) => [
    sdl.replace(/^("""[^"]*"""\n)?type Subscription \{.*?^\}/ms, (text) => text.replace(/[^\n]/g, " ")),
  ],
  postprocess: ([messages]) => messages,
};

export default [
  {
    ...parsed,
    files: ["**/schema.graphql"],
    processor: withoutSubscriptions,
    rules: {
      // lists go forwards only
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      "@graphql-eslint/relay-connection-types": "error",
      // an item is a place in a list, its book is the Node; and what has a handful of members is a plain list
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      "@graphql-eslint/relay-page-info": "error",
    },
  },
  {
    ...parsed,
    files: ["docs/clients/documents/*.graphql"],
    rules: graphql.configs["flat/operations-recommended"].rules,
  },
];
