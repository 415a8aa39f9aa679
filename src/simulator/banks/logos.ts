import { emptyAnswer, type Answer } from '../answer.ts';
import { BANKS } from './banks.ts';
import { html } from '../auth/html.ts';

const PATH = /^\/logos\/([a-z0-9-]+)\.svg$/;

/** `GET /logos/<provider id>.svg`: the bank's initials on its colour. */
export function answerLogo(path: string): Answer {
  const bank = BANKS.find(({ id }) => id === PATH.exec(path)?.[1]);
  if (bank === undefined) return emptyAnswer(404);
  const { colour, name } = bank;
  const ink = isLight(colour) ? '#1a1a1a' : '#ffffff';
  const picture = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    viewBox="0 0 64 64"
    role="img"
    aria-label="${name}"
  >
    <rect width="64" height="64" rx="14" fill="${colour}" />
    <text
      x="32"
      y="41"
      text-anchor="middle"
      font-family="system-ui, sans-serif"
      font-size="25"
      font-weight="700"
      fill="${ink}"
    >
      ${initials(name)}
    </text>
  </svg>`;
  return {
    status: 200,
    headers: {
      'Content-Type': 'image/svg+xml; charset=utf-8',
      'Content-Security-Policy': "default-src 'none'",
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'max-age=3600',
    },
    body: picture.markup,
  };
}

/** True if dark ink reads better on this `#rrggbb`. */
function isLight(colour: string): boolean {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
    Number.parseInt(colour.slice(at, at + 2), 16),
  );
  return 0.299 * red + 0.587 * green + 0.114 * blue > 150;
}

function initials(name: string): string {
  const letters = name.split(/[\s-]+/).map((word) => word.slice(0, 1).toUpperCase());
  return letters.length > 1 ? letters.slice(0, 2).join('') : name.slice(0, 2);
}
