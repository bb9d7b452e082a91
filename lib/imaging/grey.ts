/** A grey image in memory: `values` row by row from the top left, `rows × columns` of them. */
export interface GreyImage {
  readonly rows: number;
  readonly columns: number;
  readonly values: Uint16Array;
}

/** Grey values shown black (`low`) and white (`high`). */
export interface Window {
  readonly low: number;
  readonly high: number;
}
