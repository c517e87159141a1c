import { checked, type Finding } from '../../core/ports/diagnosis.ts'
import type { CommitterContext } from '../../core/ports/sink.ts'
import { refuseUnwritable } from './log/features.ts'
import { TableReader } from './log/table-reader.ts'
import { checkTableSchema } from './log/table-schema.ts'
import type { ResolvedOptions } from './options.ts'

/** Reads the table and looks whether the records can be appended to it. */
export function diagnoseTable(context: CommitterContext, options: ResolvedOptions): Promise<readonly Finding[]> {
  const { path, partitionBy } = options
  const subject = `table ${path}`
  return checked({ clock: context.clock, subject, late: 'MR_FILE_IO' }, async () => {
    const snapshot = await new TableReader(context, path).refresh()
    if (snapshot === undefined) return [{ kind: 'ok', subject, found: 'not there yet; the first run makes it' }]
    const { protocol, metaData, version } = snapshot
    refuseUnwritable(protocol, metaData, path)
    checkTableSchema(context.schema, partitionBy, { metaData, table: path })
    return [{ kind: 'ok', subject, found: `version ${version}, id ${metaData.id}; the records fit its columns` }]
  })
}
