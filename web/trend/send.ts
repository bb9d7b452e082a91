import { type Delivery, deliveriesOfObject, type SentObject, whyRefused } from '../../lib/archive/deliveries.ts';
import { canonicalJson } from '../../lib/runs/canonical.ts';
import { trendReportKey } from '../../lib/runs/keys.ts';
import { audit, outbox } from '../../schemas/database/web.ts';
import type { SentTrendReport, TrendReportView } from '../../schemas/trend.ts';
import { queueForAll, receiversNamed } from '../deliveries/queue.ts';
import type { Parts } from '../parts.ts';
import type { TrendReport } from './report.ts';

/** The report with where it may go, and what became of it there. */
export async function reportView(parts: Parts, report: TrendReport): Promise<TrendReportView> {
  const deliveries = await deliveriesOfObject(parts.database, report.SOPInstanceUID);
  const receivers = await Promise.all(
    parts.receivers.map(async (receiver) => {
      const { name, kind } = receiver;
      const delivery = deliveries.find((one) => one.receiver === name);
      return {
        name,
        kind,
        refusal: await whyRefused(parts.database, receiver, report),
        delivery: delivery === undefined ? null : deliveryView(delivery),
      };
    }),
  );
  const { state, SOPInstanceUID: sopInstanceUid, sha256: object } = report;
  return { state, sopInstanceUid, object, receivers };
}

function deliveryView({ state, reason, attempts, sentAt }: Delivery) {
  return { state, reason, attempts, sentAt: sentAt?.toISOString() ?? null };
}

/**
 * Puts the report into the store and into the queue of each receiver, with the audit and the order to write down what was
 * sent, in one transaction: all of them or none. Sending again what is on its way changes nothing.
 *
 * @throws {ProblemError} 422: a receiver that the site does not name, or that must not have it
 */
export async function sendReport(
  parts: Parts,
  report: TrendReport,
  { receivers, author, evaluation }: { receivers: readonly string[]; author: string; evaluation: string },
): Promise<void> {
  const chosen = receiversNamed(parts, receivers);
  const { state, SOPInstanceUID, pipeline, run, versions, shows } = report;
  const key = trendReportKey(pipeline, state, SOPInstanceUID);
  const object = await parts.store.put('results', key, report.bytes, 'application/dicom');
  const sent: SentObject = { SOPInstanceUID, object, run, pipeline, versions, shows };
  const now = parts.now();
  await parts.database.db.transaction(async (transaction) => {
    const queued = await queueForAll(transaction, sent, { receivers: chosen, now });
    if (queued.length === 0) return;
    const sentAt = now.toISOString();
    for (const receiver of queued) {
      const entry: SentTrendReport = {
        pipeline,
        state,
        run,
        sopInstanceUid: SOPInstanceUID,
        object,
        receiver,
        author,
        sentAt,
      };
      const name = `${evaluation}/trend-reports/${SOPInstanceUID}/${receiver}-${now.getTime()}.json`;
      await transaction.insert(outbox).values({ key: name, body: canonicalJson(entry), createdAt: now });
    }
    const detail = `to ${queued.join(', ')}; state ${state.slice(0, 12)}`;
    const action = 'trend-report-sent';
    await transaction.insert(audit).values({ at: now, actor: author, action, subject: run, detail, evaluation });
  });
  parts.answersSent();
}
