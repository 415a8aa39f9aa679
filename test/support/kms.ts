import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A key service on this machine that speaks as AWS KMS does. */
export interface FakeKms {
  readonly url: string;
  /** What it was asked, newest last. */
  readonly calls: readonly KmsCall[];
  /** From now on: `down` answers 500, `silent` nothing at all, any other text is an AWS error. */
  trouble: 'down' | 'silent' | `${string}Exception` | null;
  close(): Promise<void>;
}

/** One request, with the context that it was bound to. */
export interface KmsCall {
  readonly action: string;
  readonly keyId: string;
  readonly context: Readonly<Record<string, string>>;
}

interface KmsRequest {
  readonly KeyId: string;
  readonly CiphertextBlob?: string;
  readonly EncryptionContext: Record<string, string>;
}

/**
 * Starts it. Data keys open only with the key and the encryption context that they were made for.
 *
 * @param arns - the keys that it has
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html
 */
export async function startFakeKms(arns: readonly string[]): Promise<FakeKms> {
  const made = new Map<string, { readonly plaintext: string; readonly boundTo: string }>();
  const calls: KmsCall[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const action = String(request.headers['x-amz-target']).replace('TrentService.', '');
    const { KeyId, CiphertextBlob = '', EncryptionContext } = (await json(request)) as KmsRequest;
    calls.push({ action, keyId: KeyId, context: EncryptionContext });
    if (fake.trouble === 'silent') return;
    const say = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    const refuse = (status: number, type: string) => say(status, { __type: type, message: type });
    if (fake.trouble === 'down') return refuse(500, 'KMSInternalException');
    if (fake.trouble !== null) return refuse(400, fake.trouble);
    if (!arns.includes(KeyId)) return refuse(400, 'NotFoundException');
    const boundTo = JSON.stringify([KeyId, Object.entries(EncryptionContext).toSorted()]);
    if (action === 'GenerateDataKey') {
      const blob = randomBytes(96).toString('base64');
      const plaintext = randomBytes(32).toString('base64');
      made.set(blob, { plaintext, boundTo });
      return say(200, { CiphertextBlob: blob, Plaintext: plaintext, KeyId });
    }
    const dataKey = made.get(CiphertextBlob);
    if (dataKey?.boundTo !== boundTo) return refuse(400, 'InvalidCiphertextException');
    return say(200, { Plaintext: dataKey.plaintext, KeyId });
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fake: FakeKms = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    trouble: null,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
}

/** What an AWS client has to find in its environment to speak to it. */
export function kmsEnvironment(kms: FakeKms): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL_KMS: kms.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
