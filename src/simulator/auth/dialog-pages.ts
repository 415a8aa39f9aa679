import type { PlannedAccount } from '../people/accounts-plan.ts';
import type { Answer } from '../answer.ts';
import type { AuthRequest } from './auth-request.ts';
import type { Bank } from '../banks/bank.ts';
import { framePage } from './dialog-frame.ts';
import { html, type Html } from './html.ts';

/** What every step bears: the sealed progress, and a message if the last try failed. */
export interface StepFrame {
  readonly session: string;
  readonly message: string | undefined;
}

const PERMISSIONS: ReadonlyMap<string, string> = new Map([
  ['info', 'Your name'],
  ['accounts', 'Your accounts: names, numbers and types'],
  ['balance', 'Your balances'],
  ['cards', 'Your cards: names, networks and last digits'],
  ['transactions', 'Your transactions'],
  ['direct_debits', 'Your direct debits'],
  ['standing_orders', 'Your standing orders'],
  ['offline_access', 'Access for 90 days, also when you are not present'],
]);

/**
 * The first step: what the app asks for, in plain words.
 *
 * @param renewed - the bank of a connection that goes on; undefined for a new one
 */
export function permissionsPage(
  frame: StepFrame,
  request: AuthRequest,
  renewed: Bank | undefined,
): Answer {
  const items = request.scopes.map((scope) => html`<li>${PERMISSIONS.get(scope) ?? scope}</li>`);
  const title =
    renewed === undefined ? 'Share your bank data' : `Keep sharing your ${renewed.name} data`;
  const body = html`<header><h1>${title}</h1></header>
    <p>The app <strong>${request.clientId}</strong> asks to see:</p>
    <ul class="facts">
      ${items}
    </ul>
    <p class="hint">It can read only. It cannot move money, and you can end this at any time.</p>
    ${step('permissions', frame, undefined, 'Continue')}`;
  return framePage({ title, body });
}

/** The second step: which bank. The search is a form of its own, by GET. */
export function bankPage(frame: StepFrame, banks: readonly Bank[], search: string): Answer {
  const wanted = search.trim().toLowerCase();
  const found = banks.filter(
    ({ id, name }) => name.toLowerCase().includes(wanted) || id.includes(wanted),
  );
  const items = found.map(
    ({ id, name, country }) =>
      html`<li>
        <button class="bank" name="provider" value="${id}">
          <img src="/logos/${id}.svg" alt="" width="36" height="36" loading="lazy" /><span
            >${name}<small>${country.toUpperCase()}</small></span
          >
        </button>
      </li>`,
  );
  const none = found.length === 0 ? html`<p>No bank is called “${search}”.</p>` : undefined;
  const body = html`<header><h1>Choose your bank</h1></header>
    <form method="get" action="/dialog" role="search">
      <input type="hidden" name="session" value="${frame.session}" />
      <label for="search">Search</label>
      <div class="search">
        <input
          id="search"
          type="search"
          name="search"
          value="${search}"
          autocomplete="off"
        /><button>Search</button>
      </div>
    </form>
    ${step(
      'bank',
      frame,
      html`${none}
        <ul>
          ${items}
        </ul>`,
      undefined,
    )}`;
  return framePage({ title: 'Choose your bank', body });
}

/** A step of banks that are many banks: which of them. */
export function branchPage(frame: StepFrame, bank: Bank): Answer {
  const options = (bank.branches ?? []).map(
    ([value, name]) => html`<option value="${value}">${name}</option>`,
  );
  const fields = html`<label for="branch">Branch</label>
    <select id="branch" name="branch" ${describedBy(frame)} required>
      <option value="">Choose a branch</option>
      ${options}
    </select>`;
  const body = html`${bankHeader(bank, 'Choose your branch')}
  ${step('branch', frame, fields, 'Continue')}`;
  return framePage({ title: 'Choose your branch', body });
}

/** The bank's own login. */
export function loginPage(frame: StepFrame, bank: Bank): Answer {
  const fields = html`<label for="username">Username</label>
    <input
      id="username"
      type="text"
      name="username"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      ${describedBy(frame)}
      required
    />
    <label for="password">Password</label>
    <input
      id="password"
      type="password"
      name="password"
      autocomplete="off"
      ${describedBy(frame)}
      required
    />
    <p class="hint">
      Try john with the password doe, or john1 with doe1 up to john100 with doe100.
    </p>`;
  const body = html`${bankHeader(bank, `Log in to ${bank.name}`)}
  ${step('login', frame, fields, 'Log in')}`;
  return framePage({ title: `Log in to ${bank.name}`, body });
}

/** The last step: which accounts and cards to share. */
export function accountsPage(
  frame: StepFrame,
  bank: Bank,
  accounts: readonly PlannedAccount[],
): Answer {
  const picks = accounts.map(
    (account) =>
      html`<label class="pick"
        ><input
          type="checkbox"
          name="account"
          value="${account.id}"
          title="${account.displayName}"
          checked
        /><span>${account.displayName}<small>${endOf(account)}</small></span></label
      >`,
  );
  const fields =
    accounts.length === 0
      ? html`<p>You have nothing here of the kinds that the app asks for.</p>`
      : html`<fieldset>
          <legend>Accounts and cards to share</legend>
          ${picks}
        </fieldset>`;
  const body = html`${bankHeader(bank, 'What do you want to share?')}
  ${step('accounts', frame, fields, 'Allow')}`;
  return framePage({ title: 'What do you want to share?', body });
}

/** The page's one form by POST: its fields, the way on and the way out. */
function step(
  name: string,
  frame: StepFrame,
  fields: Html | undefined,
  go: string | undefined,
): Html {
  const { message, session } = frame;
  const alert =
    message === undefined
      ? undefined
      : html`<p class="wrong" id="message" role="alert">${message}</p>`;
  const button =
    go === undefined
      ? undefined
      : html`<button class="main" name="action" value="continue">${go}</button>`;
  return html`<form method="post" action="/dialog" data-step="${name}">
    <input type="hidden" name="session" value="${session}" />
    ${alert}${fields}${button}
    <button class="plain" name="action" value="cancel" formnovalidate>Cancel</button>
  </form>`;
}

/** Ties a field to the message, which a screen reader may have passed as the page appeared. */
function describedBy({ message }: StepFrame): Html | undefined {
  return message === undefined ? undefined : html`aria-describedby="message"`;
}

function bankHeader(bank: Bank, title: string): Html {
  return html`<header>
    <img src="/logos/${bank.id}.svg" alt="" width="48" height="48" />
    <h1>${title}</h1>
  </header>`;
}

function endOf(account: PlannedAccount): string {
  const { iban, number } = account.numbers;
  return `${account.currency} · ends in ${(number ?? iban ?? '').slice(-4)}`;
}
