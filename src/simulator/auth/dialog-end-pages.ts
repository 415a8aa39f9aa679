import type { Answer } from '../answer.ts';
import type { ReturnFields } from './auth-request.ts';
import { framePage } from './dialog-frame.ts';
import { html } from './html.ts';

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
