import type { Config } from '../base/config.ts';
import { LINK_MINUTES, type IssuedAuthLink } from './link.ts';

/**
 * The `Set-Cookie` line that binds a link to the browser that asked for it. Lax lets it come along
 * when the bank sends the browser back; `__Host-` keeps other hosts from planting one.
 */
export function linkCookie(config: Config, link: IssuedAuthLink): string {
  const secure = config.publicUrl.startsWith('https:');
  return (
    `${linkCookieName(config, link.id)}=${link.browserSecret}; Path=/; HttpOnly; SameSite=Lax; ` +
    `Max-Age=${LINK_MINUTES * 60}${secure ? '; Secure' : ''}`
  );
}

/** The name of a link's cookie: each link has its own, so that two at once do not disturb. */
export function linkCookieName(config: Config, linkId: string): string {
  const prefix = config.publicUrl.startsWith('https:') ? '__Host-' : '';
  return `${prefix}consentry-link-${linkId}`;
}
