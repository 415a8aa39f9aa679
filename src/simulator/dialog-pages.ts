import type { PlannedAccount } from './accounts-plan.ts';
import type { Answer } from './answer.ts';
import type { AuthRequest, ReturnFields } from './auth-request.ts';
import type { Bank } from './bank.ts';
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

/** The first step: what the app asks for, in plain words. */
export function permissionsPage(frame: StepFrame, request: AuthRequest): Answer {
  const items = request.scopes.map((scope) => html`<li>${PERMISSIONS.get(scope) ?? scope}</li>`);
  const body = html`<header><h1>Share your bank data</h1></header>
    <p>The app <strong>${request.clientId}</strong> asks to see:</p>
    <ul class="facts">
      ${items}
    </ul>
    <p class="hint">It can read only. It cannot move money, and you can end this at any time.</p>
    ${step('permissions', frame, undefined, 'Continue')}`;
  return framePage({ title: 'Share your bank data', body });
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

/** The third step: the bank's own login. */
export function loginPage(frame: StepFrame, bank: Bank): Answer {
  const fields = html`<label for="username">Username</label>
    <input
      id="username"
      type="text"
      name="username"
      autocomplete="off"
      autocapitalize="none"
      spellcheck="false"
      required
    />
    <label for="password">Password</label>
    <input id="password" type="password" name="password" autocomplete="off" required />
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

/** The answer to the app by POST: a form that sends itself, and can be sent by hand. */
export function formPostPage(action: string, fields: ReturnFields): Answer {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  const body = html`<header><h1>Back to the app</h1></header>
    <p>If nothing happens, press the button.</p>
    <form method="post" action="${action}" data-step="return">
      ${inputs}<button class="main">Continue</button>
    </form>`;
  return framePage({ title: 'Back to the app', body, submitsItself: true });
}

/** The end of the road: nothing is sent to the app. */
export function errorPage(reason: string): Answer {
  const body = html`<header><h1>This did not work</h1></header>
    <p class="wrong" role="alert">${reason}</p>
    <p>You can close this page.</p>`;
  return framePage({ title: 'This did not work', body, status: 400 });
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
    message === undefined ? undefined : html`<p class="wrong" role="alert">${message}</p>`;
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
