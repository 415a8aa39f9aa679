import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { walkAuthServer } from './contract-auth.ts';
import { walkTasks } from './contract-async.ts';
import { walkDataApi } from './contract-data.ts';
import { walkDataErrors } from './contract-errors.ts';
import { walkLinks } from './contract-links.ts';
import { openWalk, type Walk } from './contract-walk.ts';
import { readOperations, REFERENCE } from './openapi.ts';

// The proof that the simulator is faithful: every answer of a walk over all endpoints is held
// against TrueLayer's own OpenAPI files. In what it may differ stands in `deviations.ts`.
describe.skipIf(REFERENCE === undefined)('the contract', () => {
  const operations = REFERENCE === undefined ? [] : readOperations();
  let walk: Walk;
  beforeAll(async () => {
    walk = await openWalk();
  });
  afterAll(() => walk.app.simulator.close());

  describe('of the Data API', () => {
    walkDataApi(() => walk);
    walkTasks(() => walk, operations);
    walkDataErrors(() => walk, operations);
  });

  describe('of the auth server', () => {
    walkAuthServer(() => walk, operations);
    walkLinks(() => walk);
  });

  // These three look back at the walk, so they come last and mean nothing alone.
  describe('as a whole', () => {
    test('has been walked to its last documented answer', () => {
      const documented = operations.flatMap(({ method, template, responses }) =>
        Object.keys(responses).map((status) => `${method} ${template} ${status}`),
      );
      expect(documented.filter((name) => !walk.seen.has(name))).toEqual([]);
    });

    test('holds in every header', () => {
      const faults = [...walk.headerFaults].map(
        ([fault, [first, ...more]]) => `${fault}, at ${first} and ${more.length} more`,
      );
      expect(faults).toEqual([]);
    });

    test('needs every deviation that is allowed', () => {
      expect(walk.unneeded()).toEqual([]);
    });
  });
});
