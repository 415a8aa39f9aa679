import { later, type Clock } from '../base/clock.ts';
import { keepNewest } from './bounded-map.ts';
import { CODE_LIFE_MILLISECONDS, type AuthorizationCode, type Grant } from './auth/grant.ts';
import { makeRefreshUses, type RefreshUses } from './auth/refresh-uses.ts';
import { makeTrackedEvents, type TrackedEvents } from './auth/tracked-events.ts';

/** Why a connection is dead: its user took it back at the bank, or the app deleted it. */
export type RevocationKind = 'revoked-by-user' | 'deleted-by-client';

/**
 * The little that a simulator knows beyond its seed. It is lost with the process on purpose:
 * everything a client keeps stays good without it.
 */
export interface Memory {
  readonly refreshUses: RefreshUses;
  readonly trackedEvents: TrackedEvents;
  /** Marks a code as used; false if it had been used before. */
  useCode(code: AuthorizationCode): boolean;
  /** Notes an access token as the newest of its connection: older ones die. */
  noteToken(credentialsId: string, tokenId: string, issuedAtSeconds: number): void;
  /** False for a token that is known to have been followed by another. */
  isNewest(credentialsId: string, tokenId: string, issuedAtSeconds: number): boolean;
  /** Notes that a grant was met: given, renewed, or borne by a token that came by. */
  noteGrant(grant: Grant): void;
  /** The grant of the latest consent that was met of a connection. */
  grantOf(credentialsId: string): Grant | undefined;
  /** The latest grant of each connection, the one met last at the end. */
  grants(): readonly Grant[];
  revoke(credentialsId: string, kind: RevocationKind): void;
  revocationOf(credentialsId: string): RevocationKind | undefined;
}

/** Enough for any test or demo, and a ceiling for a process left running. */
const KEPT_MAX = 100_000;

/** An empty memory. */
export function makeMemory(clock: Clock): Memory {
  const usedCodes = new Map<string, number>();
  const newest = new Map<string, { readonly id: string; readonly issuedAtSeconds: number }>();
  const superseded = new Map<string, true>();
  const grants = new Map<string, Grant>();
  const revocations = new Map<string, RevocationKind>();

  function noteToken(credentialsId: string, tokenId: string, issuedAtSeconds: number): void {
    const before = newest.get(credentialsId);
    if (before?.id === tokenId) return;
    if (before !== undefined) keep(superseded, before.id, true);
    keep(newest, credentialsId, { id: tokenId, issuedAtSeconds });
  }

  return {
    refreshUses: makeRefreshUses(clock, KEPT_MAX),
    trackedEvents: makeTrackedEvents(clock, KEPT_MAX),
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
    noteGrant(grant) {
      const known = grants.get(grant.credentialsId);
      const isOlder = known !== undefined && grant.consentedAt < known.consentedAt;
      keep(grants, grant.credentialsId, isOlder ? known : grant);
    },
    grantOf: (credentialsId) => grants.get(credentialsId),
    grants: () => [...grants.values()],
    revoke: (credentialsId, kind) => keep(revocations, credentialsId, kind),
    revocationOf: (credentialsId) => revocations.get(credentialsId),
  };
}

function keep<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): void {
  keepNewest(map, key, value, KEPT_MAX);
}
