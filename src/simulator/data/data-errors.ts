import { jsonAnswer, type Answer } from '../answer.ts';

/** Everything below this path is the Data API. */
export const DATA_PATH = '/data/v1/';

const SCA_TEXT =
  'SCA exemption has expired. This resource is protected and should be accessed shortly after PSU Authentication. In order to access this resource, please have the PSU re-authenticate.';

/** Every error of the Data API: its code, status and the service's own text. */
const ERRORS = {
  validation_error: [400, 'The supplied parameters are not valid.'],
  invalid_date_range: [400, 'Invalid date range provided.'],
  unauthorized: [401, 'The credentials or token are no longer valid.'],
  wrong_credentials: [401, 'The credentials are wrong.'],
  access_denied: [403, 'Access to a specific resource has been denied.'],
  sca_exceeded: [403, SCA_TEXT],
  account_permanently_locked: [403, 'The account is permanently locked.'],
  account_temporarily_locked: [403, 'The account is temporarily locked.'],
  user_input_required: [403, 'The user must take part.'],
  account_not_found: [404, 'account not found'],
  provider_too_many_requests: [429, 'Provider rate limit exceeded.'],
  provider_request_limit_exceeded: [
    429,
    'Maximum number of requests per user allowed by provider exceeded.',
  ],
  internal_server_error: [500, 'Internal server error.'],
  endpoint_not_supported: [501, 'Feature not supported by the provider'],
  provider_error: [503, 'The provider service is unavailable.'],
  connector_timeout: [504, 'The connector service timed out.'],
} as const satisfies Record<string, readonly [status: number, description: string]>;

/** A code that the Data API answers with. */
export type DataErrorCode = keyof typeof ERRORS;

/** An error answer with its official status and text. */
export function dataError(
  code: DataErrorCode,
  details: Readonly<Record<string, string>> = {},
): Answer {
  const [status, description] = ERRORS[code];
  return jsonAnswer(status, {
    error_description: description,
    error: code,
    error_details: details,
  });
}

/** 401 for an access token past its end; alone among the errors it has no details. */
export function expiredToken(expiredAt: Date): Answer {
  const text = expiredAt.toISOString().replace('T', ' ').slice(0, 19);
  return jsonAnswer(401, {
    error_description: `The token expired at '${text}Z'`,
    error: 'invalid_token',
  });
}

/** The error that a status means when nothing more is known; undefined where there is none. */
export function dataErrorOfStatus(status: number): Answer | undefined {
  const codes = Object.keys(ERRORS) as DataErrorCode[];
  const code = codes.find((candidate) => ERRORS[candidate][0] === status);
  return code === undefined ? undefined : dataError(code);
}
