import type { KmsClient, KmsLimits } from './kms-client.ts';
import type { SealingKey, SealPlace } from './seal.ts';

const LIMITS: KmsLimits = { attemptMilliseconds: 2_000, callMilliseconds: 6_000 };

/** The header's name for the data key as the service sealed it. */
const DATA_KEY = 'data_key';

/** A KMS key's own ARN, which names its region. An alias could be turned to another key. */
export const KMS_KEY_ARN = /^arn:aws[\w-]*:kms:([a-z0-9-]+):\d{12}:key\/[\w-]{1,64}$/;

/**
 * A key that never leaves AWS KMS. The service makes a data key for each value and opens it again
 * only for the place that it was made for. Nothing is loaded or called before the first use.
 *
 * @param arn - fits `KMS_KEY_ARN`
 */
export function kmsKey(arn: string, limits: KmsLimits = LIMITS): SealingKey {
  let opened: Promise<KmsClient> | undefined;
  const client = () => (opened ??= openClient(arn, limits));
  return {
    id: arn,
    async forSealing(place) {
      const { clear, sealed } = await (await client()).makeDataKey(contextOf(place));
      return { algorithm: 'dir', key: clear, header: { [DATA_KEY]: sealed } };
    },
    async forOpening(place, header) {
      const sealed = header[DATA_KEY];
      if (typeof sealed !== 'string') return null;
      const key = await (await client()).openDataKey(contextOf(place), sealed);
      return key === null ? null : { algorithms: ['dir'], key };
    },
  };
}

async function openClient(arn: string, limits: KmsLimits): Promise<KmsClient> {
  const { openKmsClient } = await import('./kms-client.ts');
  return openKmsClient(arn, KMS_KEY_ARN.exec(arn)?.[1] ?? '', limits);
}

function contextOf({ table, column, row, viewer }: SealPlace): Readonly<Record<string, string>> {
  return { table, column, row, viewer };
}
