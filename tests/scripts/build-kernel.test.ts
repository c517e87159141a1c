import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { folderOf, KERNELS, kernelModule } from '../../scripts/build-kernel.ts'

it('the kernels are what their sources compile to', async () => {
  for (const kernel of KERNELS) {
    const present = readFileSync(`${folderOf(kernel)}/kernel.wasm.ts`, 'utf8')
    assert.equal(await kernelModule(kernel), present, 'run `npm run kernel`')
  }
})
