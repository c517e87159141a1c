/** How a query's results are told from each other and which record they waited for. */
export interface Results {
  /** Takes a result that was read: its value is `length` bytes from `start`. Gives the record that it waited for, −1 if it is not measured. */
  take(bytes: Uint8Array, start: number, length: number): number
  /** Measured results that have not come, when all are sent. */
  missing(): number
  /** Results that came more than once. */
  readonly doubled: number
}
