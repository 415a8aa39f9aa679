import type { Connection, Client, Submittable } from 'pg';
import type { CopyText } from './ingest-rows.ts';

const CHUNK_BYTES = 65_536;

/** What of pg's connection its types leave out. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Copies text into a table, which pg speaks and offers no function for. */
export function copyInto(client: Client, { statement, text }: CopyText): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new Copy(statement, text, resolve, reject));
  });
}

class Copy implements Submittable {
  readonly #statement: string;
  readonly #text: string;
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  #failed = false;

  constructor(
    statement: string,
    text: string,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.#statement = statement;
    this.#text = text;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  submit(connection: Connection): void {
    connection.query(this.#statement);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    const bytes = Buffer.from(this.#text);
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      connection.sendCopyFromChunk(bytes.subarray(start, start + CHUNK_BYTES));
    }
    connection.endCopyFrom();
  }

  handleError(error: Error): void {
    this.#failed = true;
    this.#reject(error);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    if (!this.#failed) this.#resolve();
  }
}
