// Compiles the JSON kernel from AssemblyScript into formats/json/kernel/kernel.wasm.ts.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const folder = fileURLToPath(new URL('../formats/json/kernel', import.meta.url))

/** The generated module as it should be. */
export async function kernelModule(): Promise<string> {
  const { binary } = await compile(['assembly/decode.ts', '-O3', '--enable', 'simd', '--runtime', 'stub', '--noAssert'])
  return `// Generated from assembly/ by \`npm run kernel\`; do not edit.
export const KERNEL_WASM =
  '${Buffer.from(binary).toString('base64')}'
`
}

async function compile(options: readonly string[]): Promise<{ readonly binary: Uint8Array }> {
  let binary: Uint8Array | undefined
  const { error, stderr } = await asc.main([...options, '--baseDir', folder, '--outFile', 'kernel.wasm'], {
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') binary = contents
    },
  })
  if (error !== null || binary === undefined)
    throw new Error(`the kernel does not compile: ${stderr.toString()}`, { cause: error })
  return { binary }
}

if (import.meta.main) writeFileSync(`${folder}/kernel.wasm.ts`, await kernelModule())
