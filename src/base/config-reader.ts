import { StartError } from './errors.ts';

/** Environment variables, as the process or a test gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Collects faults, so that an operator mends them all after one start. */
export class ConfigReader {
  readonly #environment: Environment;
  readonly #readFile: (path: string) => string;
  readonly #faults: string[] = [];

  constructor(environment: Environment, readFile: (path: string) => string) {
    this.#environment = environment;
    this.#readFile = readFile;
  }

  fault(sentence: string): void {
    this.#faults.push(sentence);
  }

  finish(): void {
    if (this.#faults.length > 0) throw new StartError(this.#faults.join('\n'));
  }

  text(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  secret(name: string): string | undefined {
    const path = this.text(`${name}_FILE`);
    if (path === undefined) return this.text(name);
    if (this.text(name) !== undefined) {
      this.fault(`${name} and ${name}_FILE are both set: keep one.`);
    }
    try {
      const value = this.#readFile(path).trim();
      return value === '' ? undefined : value;
    } catch {
      this.fault(`${name}_FILE names ${path}, which cannot be read.`);
      return undefined;
    }
  }

  list(name: string): readonly string[] {
    return (this.text(name) ?? '').split(/[\s,]+/).filter((item) => item !== '');
  }

  flag(name: string): boolean {
    return this.choice(name, ['0', '1'], '0') === '1';
  }

  choice<const T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const choice = choices.find((candidate) => candidate === value);
    if (choice === undefined) {
      this.fault(`${name} is ${JSON.stringify(value)}: it can be ${choices.join(', ')}.`);
    }
    return choice ?? fallback;
  }

  whole(name: string, fallback: number, least: number, most: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const number = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= least && number <= most)) {
      this.fault(`${name} is ${JSON.stringify(value)}: it is a whole number, ${least} to ${most}.`);
      return fallback;
    }
    return number;
  }

  /** An http or https address, returned without a trailing slash. */
  address(name: string, httpAllowed: boolean): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const protocol = URL.canParse(value) ? new URL(value).protocol : '';
    if (protocol !== 'https:' && !(httpAllowed && protocol === 'http:')) {
      this.fault(`${name} is no ${httpAllowed ? 'http or https' : 'https'} address.`);
    }
    return value.replace(/\/+$/, '');
  }

  /** An https address or a custom scheme; http only for this machine's own pages. */
  returnUrl(url: string): string {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    const loopback = parsed !== null && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(parsed.hostname);
    const refused = ['javascript:', 'data:', 'file:', 'blob:', 'about:', 'vbscript:'];
    if (
      parsed === null ||
      parsed.username !== '' ||
      refused.includes(parsed.protocol) ||
      (parsed.protocol === 'http:' && !loopback)
    ) {
      this.fault(`RETURN_URLS: ${JSON.stringify(url)} is no https address or app link.`);
    }
    return url;
  }

  origin(text: string, httpAllowed: boolean): string {
    const parsed = URL.canParse(text) ? new URL(text) : null;
    const protocolGood =
      parsed?.protocol === 'https:' || (httpAllowed && parsed?.protocol === 'http:');
    if (parsed?.origin !== text || !protocolGood) {
      this.fault(
        `CORS_ORIGINS: ${JSON.stringify(text)} is no origin like https://app.example.com.`,
      );
    }
    return text;
  }
}
