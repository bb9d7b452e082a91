import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Delivery,
  type DeliveryOutcome,
  dueDeliveries,
  nextDelivery,
  recordDeliveries,
  unknownReceiver,
  versionsOf,
  type Whose,
  whyRefused,
} from '../../lib/archive/deliveries.ts';
import { whyRetracted } from '../../lib/archive/retraction.ts';
import type { Database } from '../../lib/database/connection.ts';
import { sendFiles, type Target } from '../../lib/dicom/send.ts';
import { ConfigurationError } from '../../lib/platform/configuration.ts';
import { readReceiverTls } from '../../lib/platform/tls.ts';
import { ObjectChangedError, ObjectNotFoundError, type ObjectStore } from '../../lib/store/store.ts';
import { getVerified } from '../../lib/store/verified.ts';
import type { Receiver } from '../../schemas/site.ts';
import { sendByStow } from './stow.ts';

/** What delivering needs. */
export interface DeliveryContext {
  readonly store: ObjectStore;
  readonly database: Database;
  readonly receivers: readonly Receiver[];
  /** To whom objects are sent; left out: to everybody, one receiver after the other. */
  readonly whose?: Whose;
  /** Our own title. */
  readonly callingAETitle: string;
  /** Where objects lie while they are sent by C-STORE; only the gateway may read it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/**
 * Sends what is due, receiver by receiver. Each object is written down as sent as soon as its receiver has confirmed it.
 * After a crash between the two it is sent once more, byte for byte under the same SOPInstanceUID, which a receiver
 * recognises: no protocol can tell what a receiver did that could not answer.
 *
 * @returns when there is something to do next; undefined: when something is queued
 */
export async function deliverDue(context: DeliveryContext, now: Date): Promise<Date | undefined> {
  for (;;) {
    const due = await dueDeliveries(context.database, now, context.whose);
    const [first] = due;
    if (first === undefined || context.signal.aborted) return nextDelivery(context.database, context.whose);
    const receiver = context.receivers.find(({ name }) => name === first.receiver);
    const note: Note = (outcome) => recordDeliveries(context.database, [outcome], now);
    if (receiver === undefined) {
      for (const delivery of due) await note({ delivery, problem: unknownReceiver(delivery.receiver) });
    } else {
      await sendAllowed(context, receiver, { due, note });
    }
  }
}

/** Writes down what became of an object, before anything is done with the next one. */
type Note = (outcome: DeliveryOutcome) => Promise<void>;

/** What is to be sent to one receiver. */
interface Due {
  readonly due: readonly Delivery[];
  readonly note: Note;
}

/** Sends what may go to the receiver now: whether it may is asked again here, and not only when it is queued. */
function sendAllowed(context: DeliveryContext, receiver: Receiver, due: Due): Promise<void> {
  return receiver.protocol === 'stow-rs' ? sendByTurns(context, receiver, due) : sendByStore(context, receiver, due);
}

/** What an object meets before it is sent: nothing, or why it stays here. */
async function obstacle(
  { database }: DeliveryContext,
  receiver: Receiver,
  delivery: Delivery,
): Promise<DeliveryOutcome | null> {
  const retracted = await whyRetracted(database, delivery);
  if (retracted !== null) return { delivery, problem: retracted, isFinal: true };
  const made = { pipeline: delivery.pipeline, versions: versionsOf(delivery) };
  const refusal = await whyRefused(database, receiver, made);
  return refusal === null ? null : { delivery, problem: refusal };
}

async function sendByTurns(
  context: DeliveryContext,
  receiver: Extract<Receiver, { protocol: 'stow-rs' }>,
  { due, note }: Due,
): Promise<void> {
  for (const delivery of due) {
    const bytes = await read(context, delivery);
    const kept = await obstacle(context, receiver, delivery);
    const send = async () => (typeof bytes === 'string' ? bytes : sendByStow(receiver, bytes, context.signal));
    await note(kept ?? { delivery, problem: await send() });
  }
}

async function sendByStore(
  context: DeliveryContext,
  receiver: Extract<Receiver, { protocol: 'c-store' }>,
  { due, note }: Due,
): Promise<void> {
  await mkdir(context.folder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(path.join(context.folder, 'sending-'));
  try {
    const files = new Map<string, Delivery>();
    for (const [index, delivery] of due.entries()) {
      const bytes = await read(context, delivery);
      if (typeof bytes === 'string') {
        await note({ delivery, problem: bytes });
        continue;
      }
      const file = path.join(folder, `${index}.dcm`);
      await writeFile(file, bytes);
      files.set(file, delivery);
    }
    for (const [file, delivery] of files) {
      const met = await obstacle(context, receiver, delivery);
      if (met === null) continue;
      await note(met);
      files.delete(file);
    }
    if (files.size === 0) return;
    const target = targetOf(receiver, context.callingAETitle);
    if (typeof target === 'string') {
      for (const delivery of files.values()) await note({ delivery, problem: target });
      return;
    }
    await sendFiles(target, [...files.keys()], {
      signal: context.signal,
      onOutcome: async (file, problem) => {
        const delivery = files.get(file);
        if (delivery !== undefined) await note({ delivery, problem });
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whom to call; or why it cannot be called. Certificates are read each time: they are renewed. */
function targetOf(receiver: Extract<Receiver, { protocol: 'c-store' }>, callingAETitle: string): Target | string {
  const { name, host, port, aeTitle, tls } = receiver;
  const target = { host, port, calledAETitle: aeTitle, callingAETitle };
  try {
    return tls === undefined ? target : { ...target, tls: readReceiverTls(name, tls) };
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
}

async function read({ store }: DeliveryContext, { object }: Delivery): Promise<Buffer | string> {
  try {
    return await getVerified(store, object);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return 'The object is not in the store.';
    if (error instanceof ObjectChangedError) return error.message;
    throw error;
  }
}
