import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { chmod, chown, copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { buildBundle } from '../../src/cli/build.ts';
import { createTestFolder } from '../support/folder.ts';

/** What the image holds: Node and the bundle, in folders of their own. */
export interface Image {
  /** Runs it with these variables and no others, as an unprivileged user where we are root. */
  run(environment: Readonly<Record<string, string>>): Program;
  /** Asks as the image's health check does; true if that calls the process healthy. */
  isHealthy(port: string): Promise<boolean>;
  /** The names of everything beside the bundle, at any depth. */
  files(): Promise<readonly string[]>;
  /** Runs the operator's program with these words, in the same way. */
  tell(words: readonly string[], environment: Readonly<Record<string, string>>): Program;
  /** What all programs of the bundle say, as text. */
  read(): Promise<string>;
  /** The files that the server imports before its first line, and what they say. */
  loadedAtStart(): Promise<readonly [readonly string[], string]>;
  /** Ends what still runs, and removes the image. */
  remove(): Promise<void>;
}

/** How a program came to its end. */
export interface Ending {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const NOBODY = 65_534;

/** Builds the bundle into an empty folder, without anything else of the repository in reach. */
export async function buildImage(): Promise<Image> {
  const folder = await createTestFolder();
  const bundle = path.join(folder.path, 'consentry');
  await buildBundle(bundle);
  // Our own Node may lie where another user cannot go.
  const node = path.join(folder.path, 'bin', 'node');
  await mkdir(path.dirname(node));
  await copyFile(process.execPath, node, constants.COPYFILE_FICLONE);
  await chmod(node, 0o755);
  const root = process.getuid?.() === 0;
  if (root) await chown(bundle, NOBODY, NOBODY);
  const commands = await readCommands();
  const programs: Program[] = [];
  const run = (command: Command, environment: Readonly<Record<string, string>>) => {
    const child = spawn(node, command, {
      cwd: bundle,
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(root ? { uid: NOBODY, gid: NOBODY } : {}),
    });
    const program = new Program(child);
    programs.push(program);
    return program;
  };
  return {
    run: (environment) => run(commands.start, environment),
    tell: (words, environment) => run(['cli.mjs', ...words], environment),
    async isHealthy(port) {
      const { status } = await run(commands.health, { PORT: port }).ended;
      return status === 0;
    },
    files: async () => (await readdir(bundle, { recursive: true })).toSorted(),
    async read() {
      const parts = (await readdir(bundle)).filter((file) => file.endsWith('.mjs'));
      const texts = parts.map((file) => readFile(path.join(bundle, file), 'utf8'));
      return (await Promise.all(texts)).join('\n');
    },
    async loadedAtStart() {
      const loaded = new Map<string, string>();
      const load = async (file: string) => {
        if (loaded.has(file)) return;
        const program = await readFile(path.join(bundle, file), 'utf8');
        loaded.set(file, program);
        const imports = program.matchAll(
          /^(?:import|\} from|import .+ from) ?"\.\/([\w-]+\.mjs)"/gm,
        );
        for (const [, part] of imports) await load(part ?? '');
      };
      await load('consentry.mjs');
      return [[...loaded.keys()], [...loaded.values()].join('\n')];
    },
    async remove() {
      await Promise.all(programs.map((program) => program.kill()));
      await folder.remove();
    },
  };
}

/** What follows `node`. */
type Command = readonly string[];

async function readCommands(): Promise<{ readonly health: Command; readonly start: Command }> {
  const dockerfile = await readFile(new URL('../../Dockerfile', import.meta.url), 'utf8');
  const found = [...dockerfile.matchAll(/CMD (\["node", .+\])$/gm)];
  const [health, start] = found.map(([, list]) => (JSON.parse(list ?? '') as string[]).slice(1));
  if (health === undefined || start === undefined) throw new Error('the Dockerfile lacks a CMD');
  return { health, start };
}

/** A running bundle. */
export class Program {
  /** Every line of its log so far. */
  readonly lines: { readonly msg: string; readonly url?: string }[] = [];
  /** Every line that is not of the log. */
  readonly words: string[] = [];
  readonly errors: Promise<string>;
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  readonly #url = Promise.withResolvers<string>();

  constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout === null || child.stderr === null) throw new Error('it has no output');
    this.errors = text(child.stderr);
    this.ended = once(child, 'close').then(([status, signal]) => ({ status, signal }));
    createInterface(child.stdout).on('line', (line) => {
      // A command of the operator speaks plainly.
      if (!line.startsWith('{')) return void this.words.push(line);
      const entry = JSON.parse(line) as { msg: string; url?: string };
      this.lines.push(entry);
      if (entry.msg === 'ready') this.#url.resolve(entry.url ?? '');
    });
    this.#url.promise.catch(() => {});
    void this.#refuseAfterEnd();
  }

  /** Where its doors are, once it serves. */
  ready(): Promise<string> {
    return this.#url.promise;
  }

  async #refuseAfterEnd(): Promise<void> {
    await this.ended;
    this.#url.reject(new Error(`it ended before it was ready: ${await this.errors}`));
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
}
