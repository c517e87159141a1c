const PAGE_BYTES = 65_536

/** Node has it, its types do not. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** The memory of a kernel: views of it end with the next `grow`. */
export interface KernelMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

/** A fresh instance of a kernel, given in base64; `Exports` is what the assembly/ beside it exports. */
export function newInstance<Exports>(wasm: string): Exports {
  const module = new WebAssembly.Module(Buffer.from(wasm, 'base64'))
  return new WebAssembly.Instance(module).exports as Exports
}

/** Makes the memory at least so large; it is never given back. */
export function growTo(memory: KernelMemory, sizeBytes: number): void {
  const missing = sizeBytes - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES))
}
