import { jsonAnswer, type Answer } from '../answer.ts';
import { SCOPES_OF_LINKS } from './auth-request.ts';
import { SIGNING_KEY } from './signing-key.ts';

/** Where a client finds out about the auth server. */
export const DISCOVERY_PATH = '/.well-known/openid-configuration';

/** Where the public key of the access tokens is. */
export const KEYS_PATH = `${DISCOVERY_PATH}/jwks`;

/**
 * `GET /.well-known/openid-configuration`. TrueLayer documents no such page; the fields are those
 * of the specification, and say nothing that this server does not do.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html
 */
export function answerDiscovery(url: string): Answer {
  return jsonAnswer(200, {
    issuer: url,
    authorization_endpoint: `${url}/`,
    token_endpoint: `${url}/connect/token`,
    jwks_uri: `${url}${KEYS_PATH}`,
    scopes_supported: [...SCOPES_OF_LINKS],
    response_types_supported: ['code'],
    response_modes_supported: ['query', 'form_post'],
    grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_post'],
    code_challenge_methods_supported: ['S256'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
}

/** `GET /.well-known/openid-configuration/jwks`: the public half of the signing key. */
export function answerKeys(): Answer {
  const { kty, kid, x5t, n, e, alg } = SIGNING_KEY;
  return jsonAnswer(200, { keys: [{ kty, use: 'sig', kid, x5t, e, n, alg }] });
}
