export type { DeltaOptions } from './options.ts'
export { previewTable, type TablePreview } from './preview-table.ts'
export { delta } from './sink.ts'
