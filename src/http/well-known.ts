import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Config } from '../base/config.ts';
import { page } from './page.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

const CACHE_SECONDS = 3_600;

/**
 * The files by which phones learn which apps may open which addresses of ours, and a page for each such
 * address, for phones without the app. Nothing where no app is configured.
 *
 * @see https://developer.apple.com/documentation/xcode/supporting-associated-domains
 * @see https://developer.android.com/training/app-links/verify-applinks
 */
export function wellKnownRoutes({ apps }: Config): ReadonlyMap<string, Answer> {
  const routes = new Map<string, Answer>();
  if (apps.apple.length > 0) {
    const components = apps.paths.map((path) => ({ '/': path }));
    routes.set(
      '/.well-known/apple-app-site-association',
      file({ applinks: { details: [{ appIDs: apps.apple, components }] } }),
    );
  }
  if (apps.android.length > 0) {
    const statements = apps.android.map((app) => ({
      relation: ['delegate_permission/common.handle_all_urls'],
      target: {
        namespace: 'android_app',
        package_name: app.package,
        sha256_cert_fingerprints: app.fingerprints,
      },
    }));
    routes.set('/.well-known/assetlinks.json', file(statements));
  }
  if (routes.size === 0) return routes;
  for (const path of apps.paths) routes.set(path, showLanding);
  return routes;
}

function file(content: object): Answer {
  const text = JSON.stringify(content);
  return async (request, response) => {
    if (!mayRead(request, response)) return;
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'cache-control': `public, max-age=${CACHE_SECONDS}`,
      })
      .end(request.method === 'HEAD' ? undefined : text);
  };
}

// The phone did not hand the address to the app. What it says stays unused: the app has to ask again.
async function showLanding(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!mayRead(request, response)) return;
  page(response, 200, 'Go back to your app', 'It goes on there.');
}

function mayRead(request: IncomingMessage, response: ServerResponse): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return true;
  response.writeHead(405, { allow: 'GET, HEAD' }).end();
  return false;
}
