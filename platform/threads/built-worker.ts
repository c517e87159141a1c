// What the threads of the built package run. For every import Node looks at the disk: whether the file is there, what it really is, and of
// which package. Those of one file of ours by another name the file, and there are hundreds of them.
import { registerHooks } from 'node:module'

const OURS = new URL('../../', import.meta.url).href

registerHooks({
  resolve: (specifier, context, next) => {
    const file = context.parentURL
    if (file?.startsWith(OURS) !== true || !specifier.startsWith('.')) return next(specifier, context)
    return { url: new URL(specifier, file).href, format: 'module', shortCircuit: true }
  },
})

const { default: runWorker } = await import('./worker-main.ts')

export default runWorker
