import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  // The printed file and not the code: a fresh clone has nothing generated yet that could run.
  schema: 'schema/schema.graphql',
  documents: 'schema/operations/*.graphql',
  generates: {
    'src/generated/client/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false, skipIndexFile: true },
      config: {
        documentMode: 'string',
        enumType: 'string-literal',
        useTypeImports: true,
        strictScalars: true,
        immutableTypes: true,
        importExtension: '.ts',
        scalars: {
          BigInt: 'string',
          Currency: 'string',
          Date: 'string',
          DateTime: 'string',
          Decimal: 'string',
          ID: 'string',
        },
      },
    },
  },
};

// One of the few default exports of the house: graphql-codegen asks for it.
export default config;
