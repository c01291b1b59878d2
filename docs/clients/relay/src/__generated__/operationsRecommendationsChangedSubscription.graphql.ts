/**
 * @generated SignedSource<<bd505278322f1383d341ced432240bdf>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type operationsRecommendationsChangedSubscription$variables = {
  userId: string;
};
export type operationsRecommendationsChangedSubscription$data = {
  readonly recommendationsChanged: {
    readonly nodes: ReadonlyArray<{
      readonly book: {
        readonly id: string;
        readonly title: string;
      };
      readonly rank: number;
    }>;
  };
};
export type operationsRecommendationsChangedSubscription = {
  response: operationsRecommendationsChangedSubscription$data;
  variables: operationsRecommendationsChangedSubscription$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "userId"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Literal",
        "name": "first",
        "value": 5
      },
      {
        "kind": "Variable",
        "name": "userId",
        "variableName": "userId"
      }
    ],
    "concreteType": "RecommendationConnection",
    "kind": "LinkedField",
    "name": "recommendationsChanged",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "Recommendation",
        "kind": "LinkedField",
        "name": "nodes",
        "plural": true,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "rank",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "concreteType": "Book",
            "kind": "LinkedField",
            "name": "book",
            "plural": false,
            "selections": [
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "id",
                "storageKey": null
              },
              {
                "alias": null,
                "args": null,
                "kind": "ScalarField",
                "name": "title",
                "storageKey": null
              }
            ],
            "storageKey": null
          }
        ],
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsRecommendationsChangedSubscription",
    "selections": (v1/*:: as any*/),
    "type": "Subscription",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "operationsRecommendationsChangedSubscription",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "cacheID": "e162501422a67b92ef5fe85ed84209af",
    "id": null,
    "metadata": {},
    "name": "operationsRecommendationsChangedSubscription",
    "operationKind": "subscription",
    "text": "subscription operationsRecommendationsChangedSubscription(\n  $userId: ID!\n) {\n  recommendationsChanged(userId: $userId, first: 5) {\n    nodes {\n      rank\n      book {\n        id\n        title\n      }\n    }\n  }\n}\n"
  }
};
})();

(node as any).hash = "42d67d909a13a42fb484fdbdb65028b5";

export default node;
