import type { ServerResponse } from 'node:http';
import { authLinkError, type LinkErrorCode } from '../consents/link-error.ts';
import { page } from './page.ts';

const TITLES: Readonly<Partial<Record<LinkErrorCode, string>>> = {
  AUTH_LINK_UNKNOWN: 'This link is not known',
  AUTH_LINK_EXPIRED: 'This link has expired',
  AUTH_LINK_USED: 'This link has been used',
  AUTH_LINK_IN_PROGRESS: 'Your bank is being connected',
  AUTH_LINK_CANCELLED: 'Nothing was connected',
  ANSWER_INCOMPLETE: 'The bank’s answer is incomplete',
};

/** Tells the user why their bank was not connected, and what they can do. */
export function linkPage(response: ServerResponse, status: number, code: string): void {
  const title = TITLES[code as LinkErrorCode] ?? 'Your bank could not be connected';
  page(response, status, title, authLinkError(code).userMessage);
}
