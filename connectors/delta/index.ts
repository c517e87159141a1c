export { delta } from './sink.ts'
export type { DeltaOptions } from './options.ts'
export { previewTable, type TablePreview } from './preview-table.ts'
