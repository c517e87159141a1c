// Compiles the kernels from AssemblyScript into their kernel.wasm.ts.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

/** Every kernel: its folder, and the file in its assembly/ that exports what the host calls. */
export const KERNELS = [
  { folder: 'core/model/key-kernel', entry: 'hash-keys.ts' },
  { folder: 'formats/json/kernel', entry: 'decode.ts' },
  { folder: 'formats/record-batch/kernel', entry: 'inflate-lz4.ts' },
] as const

/** The generated module of a kernel as it should be. */
export async function kernelModule(kernel: (typeof KERNELS)[number]): Promise<string> {
  const { binary } = await compile(kernel)
  return `// Generated from assembly/ by \`npm run kernel\`; do not edit.
export const KERNEL_WASM =
  '${Buffer.from(binary).toString('base64')}'
`
}

/** Path of a kernel's folder. */
export function folderOf({ folder }: (typeof KERNELS)[number]): string {
  return fileURLToPath(new URL(`../${folder}`, import.meta.url))
}

async function compile(kernel: (typeof KERNELS)[number]): Promise<{ readonly binary: Uint8Array }> {
  const options = [
    `assembly/${kernel.entry}`,
    '-O3',
    '--converge',
    '--runPasses',
    'inlining-optimizing,optimize-instructions,precompute,vacuum',
    '--enable',
    'simd',
    '--runtime',
    'stub',
    '--noAssert',
  ]
  let binary: Uint8Array | undefined
  const { error, stderr } = await asc.main([...options, '--baseDir', folderOf(kernel), '--outFile', 'kernel.wasm'], {
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') binary = contents
    },
  })
  if (error !== null || binary === undefined)
    throw new Error(`${kernel.folder} does not compile: ${stderr.toString()}`, { cause: error })
  return { binary }
}

if (import.meta.main) {
  for (const kernel of KERNELS) writeFileSync(`${folderOf(kernel)}/kernel.wasm.ts`, await kernelModule(kernel))
}
