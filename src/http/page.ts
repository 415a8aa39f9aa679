import type { ServerResponse } from 'node:http';

const STYLE =
  'body{font:1.125rem/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;' +
  'place-content:center;padding:1.5rem;color:#1c2330;background:#f5f6f8}' +
  'main{max-width:28rem}h1{font-size:1.5rem;line-height:1.25;margin:0 0 .5rem}p{margin:0}' +
  '@media(prefers-color-scheme:dark){body{color:#e8eaf0;background:#14171d}}';

/** Answers with a small page of two sentences. Both are ours, or escaped here. */
export function page(response: ServerResponse, status: number, title: string, text: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    })
    .end(
      `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" ` +
        `content="width=device-width,initial-scale=1"><title>${escapeHtml(title)}</title>` +
        `<style>${STYLE}</style><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p></main></html>`,
    );
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
