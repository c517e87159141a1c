/** One write of a {@link ByteStore} batch. */
export type ByteOperation =
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly kind: 'delete'; readonly key: string }

/**
 * An ordered key-value store with atomic batches; keys are ASCII text in byte order. One owner at a time: opening a
 * second time fails with `MR_STATE_LOCKED`. Integrity is not its business: the layers above carry checksums.
 * After a failed write the store is poisoned: every later call rejects with `MR_STATE_IO`.
 */
export interface ByteStore {
  /** The caller owns the bytes. */
  get(key: string): Promise<Uint8Array | undefined>
  /** As {@link get}, in the order of the keys. */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>
  /** Keys in [from, to), in order. */
  keys(from: string, to: string): Promise<readonly string[]>
  /** All or nothing. With `sync` it is on disk, power loss included, when the promise resolves. */
  write(operations: readonly ByteOperation[], options: { readonly sync: boolean }): Promise<void>
  close(): Promise<void>
}
