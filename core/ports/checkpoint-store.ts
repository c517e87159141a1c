/**
 * Checkpoints shared between hosts: a fresh host restores from here alone, and creating a manifest if absent is what
 * fences an owner that was thought dead. Names are relative, ASCII, without `..`.
 */
export interface CheckpointStore {
  /** P4, the point of no return across hosts. */
  createManifest(epoch: number, bytes: Uint8Array): Promise<'created' | 'exists'>
  readManifest(epoch: number): Promise<Uint8Array | undefined>
  /** Epochs that have a manifest, ascending. */
  epochs(): Promise<readonly number[]>
  removeManifest(epoch: number): Promise<void>
  /** Durable when it resolves; writing the same name again with the same content is fine. */
  putObject(name: string, bytes: Uint8Array): Promise<void>
  getObject(name: string): Promise<Uint8Array | undefined>
  objects(): Promise<readonly string[]>
  removeObject(name: string): Promise<void>
}
