import { defineConfig } from 'prisma/config';

// The CLI fetches a native engine before commands that never use it. Naming any program in its
// place keeps these three offline; `prisma migrate` still gets the real engine.
if (['generate', 'validate', 'format'].includes(process.argv[2] ?? '')) {
  process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;
}

export default defineConfig({ schema: 'prisma/schema.prisma' });
