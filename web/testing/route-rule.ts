import type { Right } from '../../schemas/rights.ts';

/** Who may use a route, and how a test asks it. */
export interface RouteRule {
  /** Of several, one is enough. `anybody`: also who is not signed in; `signed-in`: whoever is, whatever their roles. */
  readonly right: Right | readonly Right[] | 'anybody' | 'signed-in';
  /**
   * The run that `:id` is, with its exam, or an evaluation by its name: people of another evaluation find nothing there, or
   * may not. Left out: of no evaluation.
   */
  readonly of?: 'hip' | 'liver' | 'evaluation';
  /** Values for the parameters of the address instead of the usual ones. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** Fields of the form besides its token, or the JSON body. */
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** There is nothing behind the address of the test even for those who may. */
  readonly empty?: boolean;
}
