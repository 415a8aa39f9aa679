/** What a user would do in the dialog. */
export interface WalkPlan {
  readonly user: string;
  readonly password: string;
  /** The bank to pick, where the link does not say. */
  readonly provider?: string;
  /** The branch to pick, by id or name; the first one unless given. */
  readonly branch?: string;
  /** Cancels at a step, at the first one for `true`. */
  readonly deny?: boolean | WalkStep;
  /** Ids or display names of what to share; everything unless given. */
  readonly accounts?: readonly string[];
}

/** The pages of the dialog that ask something. */
export type WalkStep = 'permissions' | 'bank' | 'branch' | 'login' | 'accounts';

/** Where the dialog sends the browser in the end. Nothing has been sent there yet. */
export interface WalkEnd {
  /** GET: open `url`. POST: send `fields` to `url` as a form. */
  readonly method: 'GET' | 'POST';
  readonly url: string;
  /** What the app is told, `code` or `error` and so on, whichever way it goes. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A dialog that ended on a page of its own, with what that page says. */
export class WalkError extends Error {
  override readonly name = 'WalkError';
}

/** Five pages, and room for two that come again. */
const PAGES_MAX = 7;

/**
 * Walks the pages of an auth link as a plain script would: reads each form, fills it in, sends it.
 *
 * @throws WalkError if the link is refused on a page, the login is wrong, or something to pick is
 * not there
 */
export async function walkDialog(authLink: string, plan: WalkPlan): Promise<WalkEnd> {
  let response = await fetch(authLink, { redirect: 'manual' });
  let before: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const location = response.headers.get('location');
    if (location !== null) {
      await response.body?.cancel();
      return {
        method: 'GET',
        url: location,
        fields: Object.fromEntries(new URL(location).searchParams),
      };
    }
    const text = await response.text();
    const form = readForm(text);
    if (form === undefined || form.step === before) throw new WalkError(messageOf(text));
    if (form.step === 'return') {
      return { method: 'POST', url: form.action, fields: Object.fromEntries(hiddenFields(form)) };
    }
    before = form.step;
    const body = new URLSearchParams([...hiddenFields(form), ...choices(form, plan)]);
    const target = new URL(form.action, authLink);
    response = await fetch(target, { method: 'POST', body, redirect: 'manual' });
  }
  throw new WalkError('the dialog has no end');
}

interface Form {
  readonly step: string;
  readonly action: string;
  readonly inputs: readonly ReadonlyMap<string, string>[];
  /** Of its one list to choose from, without the first one that only says so. */
  readonly options: readonly { readonly value: string; readonly name: string }[];
}

function choices(form: Form, plan: WalkPlan): [string, string][] {
  if (plan.deny === form.step || plan.deny === true) return [['action', 'cancel']];
  const go: [string, string] = ['action', 'continue'];
  switch (form.step) {
    case 'bank':
      if (plan.provider === undefined) throw new WalkError('the dialog asks for a bank');
      return [['provider', plan.provider]];
    case 'branch':
      return [['branch', chosenBranch(form, plan.branch)], go];
    case 'login':
      return [['username', plan.user], ['password', plan.password], go];
    case 'accounts':
      return [...chosenAccounts(form, plan.accounts), go];
    default:
      return [go];
  }
}

function chosenBranch({ options }: Form, wanted: string | undefined): string {
  const option = options.find(
    ({ value, name }) => wanted === undefined || value === wanted || name === wanted,
  );
  if (option === undefined) throw new WalkError(`no branch is called ${wanted ?? 'anything'}`);
  return option.value;
}

function chosenAccounts(form: Form, wanted: readonly string[] | undefined): [string, string][] {
  const boxes = form.inputs.filter((input) => input.get('type') === 'checkbox');
  const names = (box: ReadonlyMap<string, string>) => [box.get('value'), box.get('title')];
  const missing = wanted?.find((name) => !boxes.some((box) => names(box).includes(name)));
  if (missing !== undefined) throw new WalkError(`nothing to share is called ${missing}`);
  return boxes
    .filter((box) => wanted?.some((name) => names(box).includes(name)) ?? box.has('checked'))
    .map((box) => [box.get('name') ?? '', box.get('value') ?? '']);
}

function hiddenFields(form: Form): [string, string][] {
  return form.inputs
    .filter((input) => input.get('type') === 'hidden')
    .map((input) => [input.get('name') ?? '', input.get('value') ?? '']);
}

/** The page's form by POST. Read by pattern: the pages are ours, and no parser is at hand. */
function readForm(page: string): Form | undefined {
  const match = /<form\s([^>]*method="post"[^>]*)>([\s\S]*?)<\/form>/.exec(page);
  if (match === null) return undefined;
  const attributes = readAttributes(match[1] ?? '');
  const content = match[2] ?? '';
  const inputs = [...content.matchAll(/<input\s([^>]*)>/g)];
  const options = [...content.matchAll(/<option value="([^"]+)">([^<]*)</g)];
  return {
    step: attributes.get('data-step') ?? '',
    action: attributes.get('action') ?? '',
    inputs: inputs.map(([, text]) => readAttributes(text ?? '')),
    options: options.map(([, value, name]) => ({
      value: unescapeHtml(value ?? ''),
      name: unescapeHtml(name ?? ''),
    })),
  };
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  const pairs = [...text.matchAll(/([\w-]+)(?:="([^"]*)")?/g)];
  return new Map(pairs.map(([, name, value]) => [name ?? '', unescapeHtml(value ?? '')]));
}

function messageOf(page: string): string {
  const alert = /role="alert">([^<]*)</.exec(page)?.[1];
  return unescapeHtml(alert ?? 'the dialog shows no form');
}

function unescapeHtml(text: string): string {
  return text.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}
