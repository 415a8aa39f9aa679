import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { App } from '../app.ts';
import { dayOf } from '../base/days.ts';
import { nowOf } from '../base/clock.ts';
import { ExpectedError } from '../base/errors.ts';
import type { TokenViewer } from '../graphql/context.ts';
import { EXPORT_KINDS, exportCsv, exportJsonLines, requireExportScope } from '../viewers/export.ts';

/** What stands in the address is no export. */
export class ExportUnknownError extends ExpectedError {
  constructor() {
    super(
      'EXPORT_UNKNOWN',
      `Exports are ?format=jsonl and ?format=csv&kind=…, one of ${EXPORT_KINDS.join(', ')}.`,
    );
  }
}

/**
 * Answers `/export` with all that is stored of the bearer's viewer, as a file that is read while it is
 * taken: nothing of it is held for a caller who is slow, and it ends when the caller goes.
 *
 * @throws ExportUnknownError, ExportScopeError
 */
export async function answerExport(
  app: App,
  request: IncomingMessage,
  response: ServerResponse,
  viewer: TokenViewer,
): Promise<void> {
  requireExportScope(viewer.scopes);
  const { searchParams } = new URL(request.url ?? '/', app.config.publicUrl);
  const format = searchParams.get('format') ?? 'jsonl';
  const kind = searchParams.get('kind') ?? '';
  const csv = format === 'csv' && EXPORT_KINDS.includes(kind);
  if (!csv && format !== 'jsonl') throw new ExportUnknownError();
  const name = `consentry-${dayOf(nowOf(app.clock))}`;
  const file = csv ? `${name}-${kind}.csv` : `${name}.jsonl`;
  response.writeHead(200, {
    'content-type': csv ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl',
    'content-disposition': `attachment; filename="${file}"`,
  });
  const text = csv ? exportCsv(app, viewer.id, kind) : exportJsonLines(app, viewer.id);
  const gone = new AbortController();
  response.once(
    'close',
    app.events.onErased(viewer.id, () => gone.abort()),
  );
  try {
    await pipeline(Readable.from(text, { objectMode: true, highWaterMark: 1 }), response, {
      signal: gone.signal,
    });
  } catch (error) {
    // The caller went, or is erased: what was sent has no end, and is known by that.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_STREAM_PREMATURE_CLOSE' && code !== 'ABORT_ERR') throw error;
  }
}
