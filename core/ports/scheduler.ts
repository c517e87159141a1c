/**
 * Runs work later, on the same thread, one piece at a time. In production pieces run in the order of posting; the
 * simulation picks any ready piece by its seed, so nothing may rely on an order between two posts under different labels.
 * Posts under one label run in order.
 */
export interface Scheduler {
  post(label: string, run: () => void): void
}
