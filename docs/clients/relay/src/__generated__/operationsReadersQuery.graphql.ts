/**
 * @generated SignedSource<<04a8e421ea121078a824afe072f81e25>>
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

import { ConcreteRequest } from 'relay-runtime';
export type operationsReadersQuery$variables = Record<PropertyKey, never>;
export type operationsReadersQuery$data = {
  readonly readers: ReadonlyArray<string>;
};
export type operationsReadersQuery = {
  response: operationsReadersQuery$data;
  variables: operationsReadersQuery$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Literal",
        "name": "first",
        "value": 1
      }
    ],
    "kind": "ScalarField",
    "name": "readers",
    "storageKey": "readers(first:1)"
  }
];
return {
  "fragment": {
    "argumentDefinitions": [],
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsReadersQuery",
    "selections": (v0/*:: as any*/),
    "type": "Query",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": [],
    "kind": "Operation",
    "name": "operationsReadersQuery",
    "selections": (v0/*:: as any*/)
  },
  "params": {
    "cacheID": "c514d33d54d27a7f425e1168af9e2fb4",
    "id": null,
    "metadata": {},
    "name": "operationsReadersQuery",
    "operationKind": "query",
    "text": "query operationsReadersQuery {\n  readers(first: 1)\n}\n"
  }
};
})();

(node as any).hash = "1de095629f891002dffff0f954583894";

export default node;
