import type { ConfigReader } from './config-reader.ts';

/** A claim that equals the value, or is a list with it, makes an operator. */
export interface OperatorClaim {
  readonly name: string;
  readonly value: string;
}

// Clients and users have a say in these, or they are everybody's.
const CLAIMS_REFUSED = ['scope', 'scp', 'sub', 'iss', 'aud', 'client_id', 'azp', 'jti', 'exp'];

/**
 * Reads who is an operator. In development, without an issuer of one's own, `roles=operator`; else nobody
 * unless it is said.
 */
export function readOperatorClaim(reader: ConfigReader, production: boolean): OperatorClaim | null {
  // Where anybody on the machine gets a token for any name, one for an operator is no secret either.
  const development = !production && reader.text('AUTH_ISSUER') === undefined;
  const text = reader.text('OPERATOR_CLAIM') ?? (development ? 'roles=operator' : undefined);
  if (text === undefined) return null;
  const [, name = '', value = ''] = /^([^=\s]+)=(\S+)$/.exec(text) ?? [];
  if (name === '') {
    reader.fault(`OPERATOR_CLAIM is ${JSON.stringify(text)}: it is name=value, roles=operator.`);
  } else if (CLAIMS_REFUSED.includes(name)) {
    reader.fault(
      `OPERATOR_CLAIM cannot be ${name}: take a claim that only your issuer decides on.`,
    );
  }
  return { name, value };
}
