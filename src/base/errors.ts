/**
 * The world said no, and the caller can be told so: a stable `code` for programs, a message for
 * people that names the thing but holds no secret. Everything else that is thrown is a bug or an
 * outage.
 */
export class ExpectedError extends Error {
  readonly code: string;

  /** @param code - upper case with underscores, never renamed once published */
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A start that cannot go on, told in one sentence: what is wrong and what to do. */
export class StartError extends ExpectedError {
  constructor(message: string, options?: ErrorOptions) {
    super('START_REFUSED', message, options);
  }
}
