import { createLog } from './base/log.ts';
import { run } from './base/program.ts';
import { readOwnConfig, startUntilSignal } from './run.ts';

/** Starts the server that the environment describes, until a signal ends it. */
async function main(): Promise<void> {
  const config = readOwnConfig(process.env);
  const log = createLog(config.logLevel);
  if (config.production && config.allowPlainHttp) {
    log.warn('ALLOW_PLAIN_HTTP lets tokens travel unencrypted: for tests on this machine only');
  }
  const { house, closing } = await startUntilSignal(config, log);
  if (closing.aborted) return;
  const { development, url } = house;
  log.info(
    {
      role: config.role,
      url,
      publicUrl: config.publicUrl,
      ...(development === null ? {} : { graphiql: `${config.publicUrl}/graphql` }),
      ...(development?.simulator ? { simulatedTrueLayer: development.simulator.url } : {}),
      ...(development?.issuer ? { developmentTokens: development.issuer.tokenUrl } : {}),
    },
    'ready',
  );
}

run(main);
