import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { KeyError } from './seal.ts';

/** One key of AWS KMS, which makes and opens data keys. */
export interface KmsClient {
  /** A new data key, in clear and as only the service can open it. */
  makeDataKey(
    context: KmsContext,
  ): Promise<{ readonly clear: Uint8Array; readonly sealed: string }>;
  /** A data key in clear; null where this key did not make it for this context. */
  openDataKey(context: KmsContext, sealed: string): Promise<Uint8Array | null>;
}

/** What a data key is bound to. The service writes it into its audit log: ids, no secrets. */
export type KmsContext = Readonly<Record<string, string>>;

/** How long calls may take, in milliseconds. */
export interface KmsLimits {
  /** One attempt. */
  readonly attemptMilliseconds: number;
  /** A call with all its attempts, credentials included. */
  readonly callMilliseconds: number;
}

const ATTEMPTS_MAX = 3;
/** The service's words for a data key that it did not make with this key for this context. */
const NOT_ITS_OWN = ['InvalidCiphertextException', 'IncorrectKeyException'];
/** No waiting mends that. */
const NO_CREDENTIALS = 'CredentialsProviderError';

/**
 * Opens the client of one key; credentials and endpoint are found as every AWS client finds them.
 * What it cannot do it throws as KeyError. The one file that loads the client library, which is
 * several times the size of the house.
 */
export function openKmsClient(arn: string, region: string, limits: KmsLimits): KmsClient {
  const client = new KMSClient({
    region,
    maxAttempts: ATTEMPTS_MAX,
    requestHandler: {
      connectionTimeout: limits.attemptMilliseconds,
      requestTimeout: limits.attemptMilliseconds,
      throwOnRequestTimeout: true,
    },
  });
  const bounds = () => ({ abortSignal: AbortSignal.timeout(limits.callMilliseconds) });
  return {
    async makeDataKey(context) {
      const EncryptionContext = { ...context };
      const command = new GenerateDataKeyCommand({
        KeyId: arn,
        KeySpec: 'AES_256',
        EncryptionContext,
      });
      const answer = await client.send(command, bounds()).catch((error) => refuse(arn, error));
      const sealed = Buffer.from(given(arn, answer.CiphertextBlob)).toString('base64url');
      return { clear: given(arn, answer.Plaintext), sealed };
    },
    async openDataKey(context, sealed) {
      const EncryptionContext = { ...context };
      const CiphertextBlob = Buffer.from(sealed, 'base64url');
      const command = new DecryptCommand({ KeyId: arn, CiphertextBlob, EncryptionContext });
      try {
        const { Plaintext } = await client.send(command, bounds());
        return given(arn, Plaintext);
      } catch (error) {
        if (NOT_ITS_OWN.includes((error as Error).name)) return null;
        return refuse(arn, error);
      }
    },
  };
}

function given(arn: string, bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new KeyError(arn, 'its service gave an empty answer', true);
  return bytes;
}

function refuse(arn: string, error: unknown): never {
  if (error instanceof KeyError) throw error;
  const { name, code, $fault, $retryable } = error as {
    readonly name: string;
    readonly code?: string;
    readonly $fault?: string;
    readonly $retryable?: unknown;
  };
  // Of the service's answers only some are the caller's fault; without an answer, it was away.
  const ours = $fault === 'client' && $retryable === undefined && !/thrott/i.test(name);
  // The names alone: messages of AWS tell accounts and roles.
  const reason = name === 'Error' ? (code ?? name) : name;
  throw new KeyError(arn, reason, !ours && name !== NO_CREDENTIALS, error);
}
