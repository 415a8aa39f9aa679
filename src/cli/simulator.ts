import { parseArgs, styleText } from 'node:util';
import { nowOf, systemClock } from '../base/clock.ts';
import { StartError } from '../base/errors.ts';
import { run } from '../base/program.ts';
import { isPresetName, PRESETS, type PresetName } from '../simulator/control/presets.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import type { SimulatedClient } from '../simulator/world.ts';

const USAGE = `npm run simulator -- [options]

  --port 4010            0 for any that is free
  --seed consentry       other people, other rows; the same seed has the same
  --preset typical       ${Object.keys(PRESETS).join(', ')}
  --at 2026-03-01T09:00:00Z  begins at that time; --stopped keeps it there
  --latency              banks take their time
  --rotate               each refresh gives a new refresh token
  --client-id, --client-secret, --redirect-uri   the app; the last may be given many times`;

interface Options {
  readonly port: number;
  readonly seed: string;
  readonly preset: PresetName;
  readonly at: Date | undefined;
  readonly stopped: boolean;
  readonly latency: boolean;
  readonly rotate: boolean;
  readonly client: SimulatedClient;
}

/** Starts a simulated TrueLayer by itself, until a signal ends it. */
async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const simulator = await start(options);
  const end = () => void simulator.close().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  introduce(simulator, options);
}

async function start(options: Options): Promise<Simulator> {
  const { client, latency, port, preset, seed, stopped } = options;
  try {
    const simulator = await startSimulator({
      clock: systemClock,
      seed,
      port,
      client,
      latency,
      preset,
      stopped,
      ...(options.at === undefined ? {} : { startAt: options.at }),
    });
    simulator.settings.rotateRefreshTokens = options.rotate;
    return simulator;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new StartError(`Port ${port} is taken: give another by --port, or 0.`, { cause });
  }
}

function introduce(simulator: Simulator, options: Options): void {
  const { client, preset, seed } = options;
  const { url } = simulator;
  const line = (name: string, text: string) =>
    process.stdout.write(`  ${styleText('bold', name.padEnd(13))}${text}\n`);
  const now = nowOf(simulator.clock).toISOString();
  process.stdout.write(`\n  A TrueLayer that is not real · seed ${seed} · ${preset} · ${now}\n\n`);
  line('Auth server', url);
  line('Data API', `${url}/data/v1`);
  line('Client', `${client.id} with the secret ${client.secret}`);
  line('Redirects', client.redirectUris.join(', '));
  line('Users', 'john/doe, john1/doe1 to john100/doe100, user1/pass1 to user10000/pass10000');
  line('Control', `curl ${url}/control`);
  // Counted from the start of the process.
  const seconds = (performance.now() / 1000).toFixed(2);
  process.stdout.write(`\n  Ready after ${seconds} s, until Ctrl-C.\n\n`);
}

function readOptions(): Options | undefined {
  const { values } = parse();
  if (values.help) return undefined;
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartError('--port takes a number from 0 to 65535.');
  }
  if (!isPresetName(values.preset)) {
    throw new StartError(`--preset takes ${Object.keys(PRESETS).join(', ')}.`);
  }
  const at = values.at === undefined ? undefined : new Date(values.at);
  if (at !== undefined && Number.isNaN(at.getTime())) {
    throw new StartError('--at takes an instant such as 2026-03-01T09:00:00Z.');
  }
  const { latency, preset, rotate, seed, stopped } = values;
  const client = {
    id: values['client-id'],
    secret: values['client-secret'],
    redirectUris: values['redirect-uri'],
  };
  return { port, seed, preset, at, stopped, latency, rotate, client };
}

function parse() {
  try {
    return parseArgs({
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        port: { type: 'string', default: '4010' },
        seed: { type: 'string', default: 'consentry' },
        preset: { type: 'string', default: 'typical' },
        at: { type: 'string' },
        stopped: { type: 'boolean', default: false },
        latency: { type: 'boolean', default: false },
        rotate: { type: 'boolean', default: false },
        'client-id': { type: 'string', default: 'consentry-development' },
        'client-secret': { type: 'string', default: 'simulated-secret' },
        'redirect-uri': {
          type: 'string',
          multiple: true,
          default: ['http://localhost:3000/callback', 'http://localhost:4000/callback'],
        },
      },
    });
  } catch (cause) {
    const [fault] = (cause as Error).message.split('. ', 1);
    throw new StartError(`${fault}.\n\n${USAGE}`, { cause });
  }
}

run(main);
