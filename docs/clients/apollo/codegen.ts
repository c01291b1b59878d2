import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../../graphql_api/schema.graphql",
  documents: "../documents/*.graphql",
  generates: {
    "src/generated.ts": {
      plugins: ["typescript-operations", "typed-document-node"],
      config: { useTypeImports: true, enumType: "string-literal", scalars: { ID: "string" } },
    },
  },
};

export default config;
