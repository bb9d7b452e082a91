import type { Socket } from 'node:net';
import dimse, { type association, type Dataset, type requests, type responses } from 'dcmjs-dimse';
import type { Spool } from '../lib/archive/spool.ts';
import { type FileMeta, fileMetaBytes } from '../lib/dicom/part10.ts';
import { validUid } from '../lib/dicom/uid.ts';
import type { Logger } from '../lib/platform/log.ts';
import { Brought } from './brought.ts';
import { answerContext } from './contexts.ts';
import { Framing, MAXIMUM_LENGTH } from './framing.ts';
import type { GatewayMetrics } from './metrics.ts';
import { SpoolSink } from './sink.ts';

const { PresentationContextResult, RejectReason, RejectResult, RejectSource, Status } = dimse.constants;
const { CEchoResponse, CStoreResponse } = dimse.responses;

/** Refused: out of resources (PS3.4 table B.2-1). The sender may try again later. */
const OUT_OF_RESOURCES = 0xa700;

/** Time to propose an association, and to close the connection after it ended (the ARTIM timer, PS3.8 9.1.4), ms. */
const ARTIM_MS = 30_000;

/** Time without a complete PDU after which an association is given up, ms: a scanner may keep one open between images. */
const IDLE_MS = 5 * 60_000;

/** Bytes that may come outside of a data set before an answer: association requests and commands are small. */
const OUTSIDE_LIMIT = 4 << 20;

/** What every association shares. */
export interface AssociationContext {
  readonly spool: Spool;
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  /** Whether a called AE title is served here. */
  readonly isAccepted: (calledAETitle: string) => boolean;
  /** Whether there is room for this association. */
  readonly hasRoom: () => boolean;
}

/**
 * One association of a sender: C-ECHO and C-STORE. The protocol is dcmjs-dimse's; here is what it leaves out: the data set goes
 * to the disk as it comes, success is answered when it is durable, and a peer that misbehaves is cut off.
 */
export class StorageAssociation extends dimse.Scp {
  readonly #socket: Socket;
  readonly #context: AssociationContext;
  readonly #framing = new Framing();
  readonly #brought = new Brought();
  #sink: SpoolSink | undefined;
  /** Resolves when the newest instance came to its end and is counted. */
  #counted: Promise<void> = Promise.resolve();
  #outside = 0;
  #established = false;
  #titles = { called: '', calling: '' };
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, context: AssociationContext) {
    super(socket, { connectTimeout: IDLE_MS });
    this.#socket = socket;
    this.#context = context;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#watch(bytes));
    this.on('networkError', (error: Error) => this.#cut(error));
    this.on('close', () => this.#closed());
    this.#expectWithin(ARTIM_MS, 'no association was proposed in time');
  }

  override associationRequested(proposed: association.Association): void {
    this.#titles = { called: proposed.getCalledAeTitle().trim(), calling: proposed.getCallingAeTitle().trim() };
    if (!this.#context.hasRoom()) {
      this.sendAssociationReject(
        RejectResult.Transient,
        RejectSource.ServiceProviderPresentation,
        RejectReason.LocalLimitExceeded,
      );
      this.#refused('no room for another association');
      return;
    }
    if (!this.#context.isAccepted(this.#titles.called)) {
      this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, RejectReason.CalledAeNotRecognized);
      this.#refused('the called AE title is not one of ours');
      return;
    }
    for (const { context } of proposed.getPresentationContexts()) {
      const answer = answerContext(context.getAbstractSyntaxUid(), context.getTransferSyntaxUids());
      if (answer.accepted) context.setResult(PresentationContextResult.Accept, answer.transferSyntax);
      else context.setResult(refusalCode(answer.because));
    }
    proposed.setNegotiateAsyncOps(false);
    // The library announces the smaller of the peer's limit and ours as what we take; ours does not depend on the peer's.
    const theirs = proposed.getMaxPduLength();
    proposed.setMaxPduLength(MAXIMUM_LENGTH);
    this.sendAssociationAccept();
    proposed.setMaxPduLength(theirs);
    this.#established = true;
    this.#context.metrics.associations.inc({ outcome: 'accepted' });
    this.#expectWithin(IDLE_MS, 'the association was idle for too long');
  }

  override associationReleaseRequested(): void {
    this.sendAssociationReleaseResponse();
    this.#established = false;
    this.#expectWithin(ARTIM_MS, 'the connection was not closed after the release');
  }

  override abort(): void {
    this.#socket.destroy();
  }

  override cEchoRequest(request: requests.CEchoRequest, callback: (response: responses.CEchoResponse) => void): void {
    const response = CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    this.#outside = 0;
    callback(response);
  }

  override createStoreWritableStream(
    context: association.PresentationContext,
    request: requests.CStoreRequest,
  ): SpoolSink {
    const meta: FileMeta = {
      MediaStorageSOPClassUID: validUid(request.getAffectedSopClassUid()),
      MediaStorageSOPInstanceUID: validUid(request.getAffectedSopInstanceUid()),
      TransferSyntaxUID: context.getAcceptedTransferSyntaxUid() ?? '',
      SourceApplicationEntityTitle: printable(this.#titles.calling),
      SendingApplicationEntityTitle: printable(this.#titles.calling),
      ReceivingApplicationEntityTitle: printable(this.#titles.called),
    };
    const sink = new SpoolSink(this.#context.spool, fileMetaBytes(meta), {
      relieved: () => this.#socket.resume(),
      violated: (error) => this.#cut(error),
    });
    this.#sink = sink;
    this.#counted = sink.finished().then(() => this.#brought.add(sink, meta.TransferSyntaxUID));
    return sink;
  }

  /** Waits until the instance is durable; the library wants a data set, and it is not parsed here. */
  override createDatasetFromStoreWritableStream(
    sink: SpoolSink,
    _context: association.PresentationContext,
    callback: (dataset: Dataset) => void,
  ): void {
    sink.finished().then(() => callback(new dimse.Dataset({})));
  }

  override cStoreRequest(
    request: requests.CStoreRequest,
    callback: (response: responses.CStoreResponse) => void,
  ): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#outside = 0;
    const durable = sink?.isDurable === true;
    if (!durable) this.#context.log.error({ err: sink?.refusal }, 'the spool refused an instance');
    this.#context.metrics.received.inc({ outcome: durable ? 'stored' : 'refused' });
    const response = CStoreResponse.fromRequest(request);
    response.setStatus(durable ? Status.Success : OUT_OF_RESOURCES);
    callback(response);
  }

  /** Follows the bytes as they come, after the library took them. */
  #watch(bytes: Uint8Array): void {
    try {
      const ended = this.#framing.accept(bytes);
      if (ended > 0 && this.#established) this.#expectWithin(IDLE_MS, 'the association was idle for too long');
    } catch (error) {
      this.#cut(error);
      return;
    }
    if (this.#sink?.isFull === true) this.#socket.pause();
    if (this.#sink === undefined) this.#outside += bytes.length;
    if (this.#outside > OUTSIDE_LIMIT) this.#cut(new Error('Too much came outside of a data set.'));
  }

  #expectWithin(ms: number, otherwise: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#cut(new Error(otherwise)), ms);
  }

  #refused(why: string): void {
    this.#context.metrics.associations.inc({ outcome: 'rejected' });
    this.#context.log.warn({ calling: this.#titles.calling, called: this.#titles.called, why }, 'association rejected');
    this.#expectWithin(ARTIM_MS, 'the connection was not closed after the rejection');
  }

  #cut(error: unknown): void {
    if (this.#socket.destroyed) return;
    this.#context.log.warn({ err: error }, 'connection cut');
    this.#socket.destroy();
  }

  #closed(): void {
    clearTimeout(this.#timer);
    // An instance whose last byte came is made durable all the same; half of one is removed.
    if (this.#sink?.writableEnded === false) this.#sink.destroy();
    this.#counted.then(() => this.#tell());
  }

  /** What came, for whoever looks why something is or is not there. */
  #tell(): void {
    const entry = this.#brought.entry();
    if (entry === undefined) return;
    const { calling, called } = this.#titles;
    this.#context.log.info({ calling: printable(calling), called: printable(called), ...entry }, 'association ended');
  }
}

function refusalCode(because: 'abstract-syntax' | 'transfer-syntaxes'): number {
  return because === 'abstract-syntax'
    ? PresentationContextResult.RejectAbstractSyntaxNotSupported
    : PresentationContextResult.RejectTransferSyntaxesNotSupported;
}

/** An AE title as file meta information takes it (PS3.5 6.2): 16 printable characters. */
function printable(title: string): string {
  return title.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, '').slice(0, 16);
}
