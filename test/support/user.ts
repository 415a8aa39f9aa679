import { walkDialog, type WalkPlan } from '../../src/simulator/walk.ts';
import type { DevelopmentIssuer } from '../../src/http/development-issuer.ts';

/** Where a user meets the house: in this process or another. */
export interface UserWorld {
  readonly house: { readonly url: string };
  readonly issuer: DevelopmentIssuer;
}

/** A GraphQL answer. */
export interface Answer {
  readonly data: any;
  readonly errors?: readonly {
    readonly message: string;
    readonly extensions?: { code?: string };
  }[];
}

/** Somebody's browser: it keeps cookies and speaks as one viewer. */
export class User {
  readonly #test: UserWorld;
  readonly #name: string;
  readonly #role: string | undefined;
  readonly #zone: string | undefined;
  readonly cookies = new Map<string, string>();

  /**
   * @param role - of their tokens, `operator` or none
   * @param zone - the time zone that their tokens name, or none
   */
  constructor(test: UserWorld, name: string, role?: string, zone?: string) {
    this.#test = test;
    this.#name = name;
    this.#role = role;
    this.#zone = zone;
  }

  async ask(query: string, variables: object = {}): Promise<Answer> {
    const response = await this.post(query, variables);
    return (await response.json()) as Answer;
  }

  async post(query: string, variables: object = {}, signal?: AbortSignal): Promise<Response> {
    const response = await fetch(`${this.#test.house.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: signal === undefined ? 'application/json' : 'text/event-stream',
        authorization: `Bearer ${await this.#token()}`,
      },
      body: JSON.stringify({ query, variables }),
      ...(signal === undefined ? {} : { signal }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split('=', 2) ?? [];
      this.cookies.set(name, value);
    }
    return response;
  }

  #token(): Promise<string> {
    return this.#test.issuer.issue(this.#name, undefined, this.#role, {
      zoneinfo: this.#zone,
    });
  }

  /** Asks for a link, also to a bank that is linked already, and gives its address. */
  async beginLink(wishes: object = { providerId: 'ob-lloyds' }): Promise<string> {
    const input = { acknowledgeSameProvider: true, ...wishes };
    const { data } = await this.ask(
      `mutation ($input: AuthLinkInput!) {
        authLink(input: $input) { __typename ... on IssuedAuthLink { id url } ... on Error { code } }
      }`,
      { input },
    );
    if (data?.authLink.url === undefined) throw new Error(JSON.stringify(data));
    return data.authLink.url;
  }

  /** Opens a link and gives the address of the bank's dialog that it leads to. */
  async dialogOf(link: string): Promise<string> {
    const response = await this.open(link);
    const dialog = response.headers.get('location');
    if (dialog === null) throw new Error(`the link answered ${response.status}`);
    return dialog;
  }

  /** Opens a link, walks the bank's pages and gives the address that the bank sends the browser back to. */
  async walk(link: string, plan: Partial<WalkPlan> = {}): Promise<string> {
    const end = await walkDialog(await this.dialogOf(link), {
      user: 'john',
      password: 'doe',
      ...plan,
    });
    return end.url;
  }

  /** Opens an address of the house as the browser would, following no redirect. */
  async open(address: string): Promise<Response> {
    const url = new URL(address);
    return fetch(`${this.#test.house.url}${url.pathname}${url.search}`, {
      headers: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      redirect: 'manual',
    });
  }

  /** The whole way to a connected bank; gives the newest consent's id. */
  async connect(input?: object, plan?: Partial<WalkPlan>): Promise<string> {
    const response = await this.open(await this.walk(await this.beginLink(input), plan));
    if (response.status >= 400) throw new Error(`callback answered ${response.status}`);
    const { data } = await this.ask('{ consents(first: 1) { nodes { id } } }');
    return data.consents.nodes[0].id;
  }
}
