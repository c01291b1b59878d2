/**
 * @generated SignedSource<<26e512ce735fbf880a8dde79a9a48bfd>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type Absence = "BELOW" | "CAPPED" | "DAMPED" | "DISLIKED" | "DIVERSIFIED" | "EXCLUDED" | "FILTERED" | "LIKE_A_DISLIKED" | "NOT_SOLD" | "NO_SCORE" | "SEEN" | "%future added value";
export type ReasonKind = "COLLABORATIVE" | "CONTENT" | "OTHER" | "POPULARITY" | "RULE" | "%future added value";
export type operationsExplainQuery$variables = {
  bookId: string;
  userId: string;
};
export type operationsExplainQuery$data = {
  readonly explain: {
    readonly contributions: ReadonlyArray<{
      readonly amount: number;
      readonly kind: ReasonKind;
      readonly text: string;
    }>;
    readonly rank: number | null | undefined;
    readonly score: number | null | undefined;
    readonly whyNot: {
      readonly rank: number | null | undefined;
      readonly rule: Absence;
    } | null | undefined;
  };
};
export type operationsExplainQuery = {
  response: operationsExplainQuery$data;
  variables: operationsExplainQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "bookId"
},
v1 = {
  "defaultValue": null,
  "kind": "LocalArgument",
  "name": "userId"
},
v2 = {
  "alias": null,
  "args": null,
  "kind": "ScalarField",
  "name": "rank",
  "storageKey": null
},
v3 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Variable",
        "name": "bookId",
        "variableName": "bookId"
      },
      {
        "kind": "Variable",
        "name": "userId",
        "variableName": "userId"
      }
    ],
    "concreteType": "Explanation",
    "kind": "LinkedField",
    "name": "explain",
    "plural": false,
    "selections": [
      (v2/*:: as any*/),
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "score",
        "storageKey": null
      },
      {
        "alias": null,
        "args": [
          {
            "kind": "Literal",
            "name": "first",
            "value": 5
          }
        ],
        "concreteType": "Reason",
        "kind": "LinkedField",
        "name": "contributions",
        "plural": true,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "kind",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "amount",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "text",
            "storageKey": null
          }
        ],
        "storageKey": "contributions(first:5)"
      },
      {
        "alias": null,
        "args": null,
        "concreteType": "WhyNot",
        "kind": "LinkedField",
        "name": "whyNot",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "rule",
            "storageKey": null
          },
          (v2/*:: as any*/)
        ],
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": [
      (v0/*:: as any*/),
      (v1/*:: as any*/)
    ],
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsExplainQuery",
    "selections": (v3/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [
      (v1/*:: as any*/),
      (v0/*:: as any*/)
    ],
    "kind": "Operation",
    "name": "operationsExplainQuery",
    "selections": (v3/*:: as any*/)
  },
  "params": {
    "cacheID": "0a9ace7eae43120fc046dfc63a9f2368",
    "id": null,
    "metadata": {},
    "name": "operationsExplainQuery",
    "operationKind": "query",
    "text": "query operationsExplainQuery(\n  $userId: ID!\n  $bookId: ID!\n) {\n  explain(userId: $userId, bookId: $bookId) {\n    rank\n    score\n    contributions(first: 5) {\n      kind\n      amount\n      text\n    }\n    whyNot {\n      rule\n      rank\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "a050191afeff0778901958e19b99ec35";

export default node;
