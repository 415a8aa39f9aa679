import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/support/count-reporter.ts';

// The one default export of the house: vitest asks for it.
export default defineConfig({
  // Without the condition `development` of Vite's default, under which our files would import
  // another copy of graphql than the packages do that Node itself loads.
  ssr: { resolve: { conditions: ['node', 'module-sync'] } },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // Each file has a database of its own in the one server; more workers only queue for it.
    maxWorkers: 2,
    // Far above what any test takes: a busy machine must not fail one.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    reporters: ['default', new CountReporter()],
  },
});
