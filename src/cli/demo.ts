import { parseArgs, styleText } from 'node:util';
import type { Config } from '../base/config.ts';
import { StartError } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import { run } from '../base/program.ts';
import type { House } from '../house.ts';
import { readOwnConfig, startUntilSignal } from '../run.ts';
import { createDemoClient } from './demo-client.ts';
import {
  chooseBank,
  connectBank,
  fetchToken,
  followHistory,
  showCharacter,
} from './demo-connect.ts';
import { showAccounts, showConsent, showTransactions } from './demo-look.ts';
import { QUERIES_TO_TRY } from './demo-queries.ts';
import { Stage, StepError } from './stage.ts';

interface Options {
  /** Ends after the show, with status 1 if a step did not bring what it should. */
  readonly exit: boolean;
  readonly bank: string;
}

const USER = 'alice';
/** A bank with everything: accounts, cards, six years. */
const BANK = 'ob-lloyds';

/** Starts the server with a simulated bank and plays a user's app before it. */
async function main(): Promise<void> {
  const options = readOptions();
  const config = readSimulatedConfig();
  const stage = new Stage(options.exit);
  stage.line();
  stage.line(styleText('bold', 'Consentry') + styleText('dim', ' · a user connects a bank'));
  const { house, closing } = await startUntilSignal(config, createLog(config.logLevel));
  closing.addEventListener('abort', () => stage.close(styleText('dim', 'Closing.')));
  if (closing.aborted) return;
  const status = await playShow(stage, house, options, closing);
  // The signal's own way ends the process.
  if (closing.aborted) return;
  if (status === 0 && !options.exit) return invite(stage, house, config);
  await house.close();
  process.exit(status);
}

async function playShow(
  stage: Stage,
  house: House,
  options: Options,
  closing: AbortSignal,
): Promise<0 | 1> {
  try {
    const token = await fetchToken(stage, tokenUrlOf(house), USER);
    const client = createDemoClient(house.url, token, closing);
    const bank = await chooseBank(stage, client, options.bank);
    const character = house.development?.simulator?.banks.find(({ id }) => id === bank);
    if (character !== undefined) await showCharacter(stage, character);
    const consentId = await connectBank(stage, client, bank);
    await followHistory(stage, client, consentId);
    await showAccounts(stage, client);
    await showTransactions(stage, client);
    await showConsent(stage, client, consentId);
    stage.line();
    return 0;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    if (!closing.aborted) {
      process.stderr.write(
        `\n  The step "${error.step}" failed: ${error.message.replace(/\.?$/, '.')}\n\n`,
      );
    }
    return 1;
  }
}

/** Says how to go on by hand. */
async function invite(stage: Stage, house: House, config: Config): Promise<void> {
  const tokenUrl = `${tokenUrlOf(house)}?user=${USER}`;
  const token = (await (await fetch(tokenUrl)).text()).trim();
  const name = (text: string) => styleText('bold', text.padEnd(14));
  stage.line(styleText('green', '✔ The server runs until Ctrl-C.'));
  stage.line();
  stage.line(`${name('GraphiQL')}${config.publicUrl}/graphql`);
  stage.line(
    `${name('')}${styleText('dim', 'a token is filled in, the operations are in its tabs')}`,
  );
  stage.line(`${name('Tokens')}${tokenUrl}`);
  stage.line();
  stage.line(styleText('bold', `One for ${USER}, good for twelve hours:`));
  // Without an indent, so that it can be copied over several lines.
  process.stdout.write(`${token}\n`);
  for (const [question, query] of QUERIES_TO_TRY) {
    stage.line();
    stage.line(styleText('dim', `# ${question}`));
    for (const line of query.split('\n')) stage.line(line);
  }
  stage.line();
}

function tokenUrlOf({ development }: House): string {
  const tokenUrl = development?.issuer?.tokenUrl;
  if (tokenUrl === undefined) throw new Error('the house has no development issuer');
  return tokenUrl;
}

function readOptions(): Options {
  try {
    const { values } = parseArgs({
      options: {
        exit: { type: 'boolean', default: false },
        bank: { type: 'string', default: BANK },
      },
    });
    return values;
  } catch (cause) {
    const [fault] = (cause as Error).message.split('. ', 1);
    throw new StartError(`${fault}: the demo knows --exit and --bank, such as --bank ob-monzo.`, {
      cause,
    });
  }
}

function readSimulatedConfig(): Config {
  const environment = { ...process.env, LOG_LEVEL: process.env['LOG_LEVEL'] || 'warn' };
  // Asked before the rest, as production would first complain of all that it misses.
  if (process.env['NODE_ENV'] !== 'production') {
    const config = readOwnConfig(environment);
    if (config.truelayer === null && config.identity === null && config.role === 'all') {
      return config;
    }
  }
  throw new StartError(
    'The demo needs the simulated bank: run it without NODE_ENV=production, TRUELAYER_ENV, AUTH_ISSUER and ROLE.',
  );
}

run(main);
