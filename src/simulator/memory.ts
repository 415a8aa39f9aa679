import { later, DAY, type Clock } from '../base/clock.ts';
import { CODE_LIFE_MILLISECONDS, type AuthorizationCode, type Grant } from './grant.ts';

/** Why a connection is dead: its user took it back at the bank, or the app deleted it. */
export type RevocationKind = 'revoked-by-user' | 'deleted-by-client';

/**
 * The little that a simulator knows beyond its seed. It is lost with the process on purpose:
 * everything a client keeps stays good without it.
 */
export interface Memory {
  /** Marks a code as used; false if it had been used before. */
  useCode(code: AuthorizationCode): boolean;
  /** Notes an access token as the newest of its connection: older ones die. */
  noteToken(credentialsId: string, tokenId: string, issuedAtSeconds: number): void;
  /** False for a token that is known to have been followed by another. */
  isNewest(credentialsId: string, tokenId: string, issuedAtSeconds: number): boolean;
  /** Marks a refresh token as used; false if it had been idle for 30 days. */
  useRefreshToken(grant: Grant): boolean;
  revoke(credentialsId: string, kind: RevocationKind): void;
  revocationOf(credentialsId: string): RevocationKind | undefined;
}

const IDLE_MILLISECONDS = 30 * DAY;

/** Enough for any test or demo, and a ceiling for a process left running. */
const KEPT_MAX = 100_000;

/** An empty memory. Idle times count from its making or from the consent, whichever is later. */
export function makeMemory(clock: Clock): Memory {
  const startedAt = clock.now();
  const usedCodes = new Map<string, number>();
  const newest = new Map<string, { readonly id: string; readonly issuedAtSeconds: number }>();
  const superseded = new Map<string, true>();
  const refreshedAt = new Map<string, number>();
  const revocations = new Map<string, RevocationKind>();

  function noteToken(credentialsId: string, tokenId: string, issuedAtSeconds: number): void {
    const before = newest.get(credentialsId);
    if (before?.id === tokenId) return;
    if (before !== undefined) keep(superseded, before.id, true);
    keep(newest, credentialsId, { id: tokenId, issuedAtSeconds });
  }

  return {
    useCode(code) {
      const now = clock.now();
      for (const [id, endsAt] of usedCodes) if (endsAt < now) usedCodes.delete(id);
      if (usedCodes.has(code.id)) return false;
      keep(usedCodes, code.id, later(code.issuedAt, CODE_LIFE_MILLISECONDS).getTime());
      return true;
    },
    noteToken,
    isNewest(credentialsId, tokenId, issuedAtSeconds) {
      if (superseded.has(tokenId)) return false;
      const known = newest.get(credentialsId);
      if (known !== undefined && issuedAtSeconds < known.issuedAtSeconds) return false;
      // A token from before a restart, or from another simulator of this seed: now the newest here.
      noteToken(credentialsId, tokenId, issuedAtSeconds);
      return true;
    },
    useRefreshToken(grant) {
      const now = clock.now();
      const consented = grant.consentedAt.getTime();
      const usedAt = refreshedAt.get(grant.credentialsId) ?? Math.max(consented, startedAt);
      if (now - usedAt > IDLE_MILLISECONDS) {
        // Written down, so that a clock set back by a test does not raise the dead.
        keep(refreshedAt, grant.credentialsId, Number.NEGATIVE_INFINITY);
        return false;
      }
      keep(refreshedAt, grant.credentialsId, now);
      return true;
    },
    revoke: (credentialsId, kind) => keep(revocations, credentialsId, kind),
    revocationOf: (credentialsId) => revocations.get(credentialsId),
  };
}

function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= KEPT_MAX) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
