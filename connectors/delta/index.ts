export { delta } from './delta.ts'
export type { DeltaOptions } from './options.ts'
export { previewTable, type TablePreview } from './preview-table.ts'
