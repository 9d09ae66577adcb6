/** Turns drawings into what every chat shows. */
export interface Rasteriser {
  /**
   * The PNG of an SVG, `widthPx` wide. Throws PortError `bad-response` when the drawing is none, `timeout` when it
   * takes too long, and the signal's reason.
   */
  png(svg: string, widthPx: number, signal: AbortSignal): Promise<Uint8Array>;
  /** What is still drawn fails with `unavailable`. */
  close(): Promise<void>;
}
