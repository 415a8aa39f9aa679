import { jsonAnswer, type Answer } from '../answer.ts';

/** An answer of the auth server and the connection it was about. */
export interface AuthAnswer {
  readonly answer: Answer;
  readonly credentialsId: string | null;
}

/** An error of `/connect/token`: 400 with the code alone, without a description. */
export function tokenError(error: string): Answer {
  return jsonAnswer(400, { error });
}

/** A request that lacks something or brings what is no good; the reason says what. */
export function invalidRequest(status: 400 | 401, reason: string): Answer {
  return authError(status, 'invalid_request', 'Invalid request', { reason });
}

/** 401 for an access token that is missing, made up, foreign or past its end. */
export function invalidToken(): Answer {
  return authError(401, 'unauthorized', 'Unauthorized.', { reason: 'Invalid token' });
}

/** 401 for a client, or a redirect_uri of it, that is not registered. */
export function unauthorizedClient(): Answer {
  const text = 'The client credentials you have entered are incorrect. Please check and try again.';
  return authError(401, 'unauthorized_client', text, {});
}

/** The error that a status means when nothing more is known; undefined where there is none. */
export function authErrorOfStatus(status: number): Answer | undefined {
  const text = 'Sorry, we are experiencing technical difficulties. Please try again later.';
  if (status === 401) return invalidToken();
  return status === 500 ? authError(500, 'internal_server_error', text, {}) : undefined;
}

function authError(
  status: number,
  error: string,
  error_description: string,
  error_details: Readonly<Record<string, string>>,
): Answer {
  return jsonAnswer(status, { error_description, error, error_details });
}
