import type { GraphQLError } from 'graphql';

/**
 * Takes the values that a refusal quotes out of it, be they in variables or in the document: an app that sends a code and forgets its state
 * would find the code in its own error reports. The place in the request stays. Done in place, since
 * Yoga keeps the status of an answer with the very error.
 */
export function withoutValues(error: GraphQLError): GraphQLError {
  error.message = wordsOf(error.message);
  const { originalError, http } = error.extensions;
  if (originalError === undefined) return error;
  // The JSON parser's own error quotes the whole request. By it Yoga knew to answer with the status
  // that stands beside it, to old clients too.
  delete error.extensions['originalError'];
  error.extensions['http'] = { status: http?.status ?? 400 };
  return error;
}

function wordsOf(message: string): string {
  const variable = /^Variable "\$\w+" got invalid value /.exec(message)?.[0];
  if (variable !== undefined) return variableWords(variable.trimEnd(), message);
  return message
    .replace(/(cannot represent [^:]{1,60}): [^]*$/, '$1.')
    .replace(/^(DateTime cannot represent .{1,40}? (?:date-time-string|type)) [^]*$/, '$1.')
    .replace(/^(Invalid (?:global ID|cursor)): [^]*$/, '$1.')
    .replace(
      /^(Expected value of type "[^"]+"[^:]*?)(?:,(?: but [^]*?;)?)? found: [^]*$/i,
      (_message, said: string) => (/[.?]$/.test(said) ? said : `${said}.`),
    )
    .replace(/^Value "[^]*" does not exist in ("\w+") enum[^]*$/, 'The value is none of $1.')
    .replace(/^(Syntax Error: [^"]*\b(?:String|BlockString|Int|Float)) "[^]*$/, '$1.');
}

// Of what follows the value only what the schema itself says is told: where, and what is missing.
function variableWords(variable: string, message: string): string {
  const place = / at ("[\w.[\]]{1,200}"); /.exec(message)?.[1];
  const field = /to include required field ("\w+"), found: /.exec(message)?.[1];
  const scalar = /; (\w+ (?:cannot represent [^:]{1,60}(?=:)|is [^]{1,200}$))/.exec(message)?.[1];
  const where = place === undefined ? '' : ` at ${place}`;
  const why = field === undefined ? scalar : `the field ${field} is missing`;
  return `${variable}${where}${why === undefined ? '' : `; ${why.replace(/\.$/, '')}`}.`;
}
