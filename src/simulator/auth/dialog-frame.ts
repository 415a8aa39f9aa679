import { createHash } from 'node:crypto';
import { pageAnswer, type Answer } from '../answer.ts';
import { html, type Html } from './html.ts';

const STYLE = `
:root{color-scheme:light dark;--ink:#16202c;--soft:#5a6878;--page:#eef1f5;--card:#fff;--line:#d5dce4;--accent:#1c5fd4;--on-accent:#fff;--bad:#a81e1e;--bad-page:#fdecec}
@media(prefers-color-scheme:dark){:root{--ink:#e9eef5;--soft:#a3b0bf;--page:#10161d;--card:#1a232d;--line:#36434f;--accent:#7aaeff;--on-accent:#0c1622;--bad:#ffb4b4;--bad-page:#3a1c1f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:28rem;margin:0 auto;padding:1rem}
.note{margin:0 0 1rem;text-align:center;font-size:.8125rem;color:var(--soft);text-wrap:balance}
.card{background:var(--card);border:1px solid var(--line);border-radius:16px;padding:1.25rem}
header{display:flex;align-items:center;gap:.75rem;margin-bottom:.75rem}
header img{width:48px;height:48px}
h1{font-size:1.375rem;line-height:1.25;margin:0}
p{margin:0 0 1rem}
ul{list-style:none;margin:0 0 1.25rem;padding:0}
.facts li{padding:.6rem 0 .6rem 1.75rem;border-bottom:1px solid var(--line);position:relative}
.facts li:before{content:"";position:absolute;left:.4rem;top:1rem;width:.4rem;height:.7rem;border:solid var(--accent);border-width:0 2.5px 2.5px 0;transform:rotate(40deg)}
label{display:block;font-weight:600;margin-bottom:.35rem}
input[type=text],input[type=password],input[type=search],select{width:100%;min-width:0;font:inherit;color:inherit;background:var(--card);border:1px solid var(--soft);border-radius:10px;padding:.7rem .8rem;margin-bottom:1rem}
select{min-height:48px}
button{font:inherit;font-weight:600;min-height:48px;width:100%;border-radius:10px;border:1px solid transparent;padding:.6rem 1rem;cursor:pointer}
.main{background:var(--accent);color:var(--on-accent)}
.plain{background:none;color:var(--accent);margin-top:.5rem}
.search{display:flex;gap:.5rem;align-items:start}
.search button{width:auto;border-color:var(--soft);background:none;color:inherit}
.bank{display:flex;align-items:center;gap:.8rem;text-align:left;background:none;color:inherit;border:0;border-bottom:1px solid var(--line);border-radius:0;padding:.6rem .25rem}
.bank:hover{background:var(--page)}
.bank img{width:36px;height:36px}
.bank small,.pick small{display:block;font-weight:400;color:var(--soft)}
.pick{display:flex;align-items:center;gap:.9rem;font-weight:600;padding:.7rem 0;margin:0;border-bottom:1px solid var(--line)}
.pick input{width:22px;height:22px;flex:none;accent-color:var(--accent)}
.wrong{background:var(--bad-page);color:var(--bad);border-radius:10px;padding:.7rem .9rem}
.hint{font-size:.875rem;color:var(--soft)}
fieldset{border:0;margin:0 0 1.25rem;padding:0}legend{font-weight:600;padding:0;margin-bottom:.25rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
`;

/** Sends a form as soon as the page is there; the button stays for browsers without scripts. */
const SUBMIT_SCRIPT = 'document.forms[0].submit()';

// Without it browsers ask for /favicon.ico, and complain in their console that there is none.
const NO_ICON = { markup: '<link rel="icon" href="data:," />' };

// Only our own style and, on one page, our own script run. There is no form-action: Chromium would
// hold it against the redirect to the app that answers the last form.
const POLICY = [
  "default-src 'none'",
  "img-src 'self' data:",
  `style-src '${hashSource(STYLE)}'`,
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

/** One page of the dialog. */
export interface Page {
  readonly title: string;
  readonly body: Html;
  readonly status?: number;
  /** Sends the page's first form by script as well. */
  readonly submitsItself?: boolean;
}

/** Puts a page into the common frame. */
export function framePage({ title, body, status = 200, submitsItself = false }: Page): Answer {
  const style = { markup: `<style>${STYLE}</style>` };
  const script = submitsItself ? { markup: `<script>${SUBMIT_SCRIPT}</script>` } : undefined;
  const policy = submitsItself ? [...POLICY, `script-src '${hashSource(SUBMIT_SCRIPT)}'`] : POLICY;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${NO_ICON} ${style}
      </head>
      <body>
        <main>
          <p class="note">Simulated bank access. No real bank and no real money.</p>
          <div class="card">${body}</div>
        </main>
        ${script}
      </body>
    </html> `;
  return pageAnswer(status, page.markup, policy.join('; '));
}

function hashSource(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
