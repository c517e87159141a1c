export { delta } from './delta.ts'
export type { DeltaOptions } from './options.ts'
