import type { PlantedFile } from './lint-planted.ts'

/** A file that must be refused, with the name of the rule that the finding has to give. */
export interface PlantedViolation extends PlantedFile {
  readonly rule: string
}

/** At least one violation of every rule and for every folder that has a rule. */
export const plantedViolations: readonly PlantedViolation[] = [
  { rule: 'Import rule 1', file: 'core/model/upward.ts', text: "export { port } from '../ports/port.ts'" },
  { rule: 'Import rule 1', file: 'core/ports/sideways.ts', text: "import '../runtime/task.ts'" },
  { rule: 'Import rule 1', file: 'core/state/sideways.ts', text: "import type { Plan } from '../dataflow/plan.ts'" },
  { rule: 'Import rule 1', file: 'core/dataflow/runtime.ts', text: "import { task } from '../runtime/task.ts'" },
  {
    rule: 'Import rule 1',
    file: 'core/dataflow/pipeline/deep.ts',
    text: "import { task } from '../../runtime/task.ts'",
  },
  {
    rule: 'Import rule 1',
    file: 'core/actors/checkpoint.ts',
    text: "import { ledger } from '../checkpoint/ledger.ts'",
  },
  { rule: 'Import rule 1', file: 'core/checkpoint/dataflow.ts', text: "import { plan } from '../dataflow/plan.ts'" },
  { rule: 'Import rule 1', file: 'core/checkpoint/index.ts', text: "import { pipeline } from '../index.ts'" },
  { rule: 'Import rule 1', file: 'core/observability/runtime.ts', text: "import { task } from '../runtime/task.ts'" },
  {
    rule: 'Import rule 1',
    file: 'core/checkpoint/dynamic.ts',
    text: "export const runtime = import('../runtime/task.ts')",
  },
  { rule: 'Import rule 2', file: 'formats/json/port.ts', text: "import { port } from '../../core/ports/port.ts'" },
  {
    rule: 'Import rule 2',
    file: 'formats/record-batch/state.ts',
    text: "import { block } from '../../core/state/block.ts'",
  },
  { rule: 'Import rule 2', file: 'formats/parquet/port.ts', text: "import { port } from '../../core/ports/port.ts'" },
  { rule: 'Import rule 2', file: 'formats/port.ts', text: "import { port } from '../core/ports/port.ts'" },
  { rule: 'Import rule 3', file: 'operators/connector.ts', text: "import { log } from '../connectors/log/index.ts'" },
  { rule: 'Import rule 3', file: 'operators/store.ts', text: "import { store } from '../state/level-store.ts'" },
  { rule: 'Import rule 3', file: 'connectors/log/delta.ts', text: "import { commit } from '../delta/commit.ts'" },
  {
    rule: 'Import rule 3',
    file: 'connectors/delta/state.ts',
    text: "import { block } from '../../core/state/block.ts'",
  },
  { rule: 'Import rule 3', file: 'connectors/operators.ts', text: "import { filter } from '../operators/filter.ts'" },
  { rule: 'Import rule 3', file: 'state/runtime.ts', text: "import { task } from '../core/runtime/task.ts'" },
  { rule: 'Import rule 4', file: 'core/index.ts', text: "export { filter } from '../operators/filter.ts'" },
  { rule: 'Import rule 1', file: 'core/runtime/store.ts', text: "import { store } from '../../state/level-store.ts'" },
  {
    rule: 'Import rule 1',
    file: 'core/runtime/format.ts',
    text: "import { decode } from '../../formats/json/scan.ts'",
  },
  { rule: 'Import rule 5', file: 'core/runtime/files.ts', text: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'core/model/hash.ts', text: "import { createHash } from 'node:crypto'" },
  { rule: 'Import rule 5', file: 'formats/json/zlib.ts', text: "import { gunzipSync } from 'node:zlib'" },
  { rule: 'Import rule 5', file: 'formats/record-batch/files.ts', text: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'operators/files.ts', text: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'connectors/log/files.ts', text: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'state/files.ts', text: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'cli/files.ts', text: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'platform/cli.ts', text: "import { main } from '../cli/main.ts'" },
  { rule: 'Import rule 5', file: 'cli/tests.ts', text: "import { oracle } from '../tests/simulation/oracle.ts'" },
  { rule: 'Import rule 6', file: 'core/dataflow/rxjs.ts', text: "import { map } from 'rxjs'" },
  { rule: 'Import rule 6', file: 'core/model/zod.ts', text: "import { z } from 'zod'" },
  { rule: 'Import rule 6', file: 'core/runtime/self.ts', text: "import { filter } from 'millrace/operators'" },
  { rule: 'Import rule 6', file: 'operators/level.ts', text: "import { Level } from 'level'" },
  { rule: 'Import rule 6', file: 'connectors/delta/parquet.ts', text: "import { parquetRead } from 'hyparquet'" },
  { rule: 'Import rule 6', file: 'formats/json/wasm.ts', text: "import { lz4 } from '@platformatic/wasm-utils'" },
  { rule: 'Import rule 6', file: 'platform/commander.ts', text: "import { Command } from 'commander'" },
  { rule: 'Import rule 6', file: 'platform/msgpackr.ts', text: "import { pack } from 'msgpackr'" },
  { rule: 'Import rule 6', file: 'cli/piscina.ts', text: "import { Piscina } from 'piscina'" },
  { rule: 'Import rule 6', file: 'state/fast-check.ts', text: "import fc from 'fast-check'" },
  {
    rule: 'Import rule 7',
    file: 'examples/orders/inside.ts',
    text: "import { filter } from '../../operators/filter.ts'",
  },
  {
    rule: 'Import rule 7',
    file: 'examples/flights/inside.ts',
    text: "import { filter } from '../../operators/filter.ts'",
  },
  { rule: 'Import rule 6', file: 'examples/orders/parquet.ts', text: "import { parquetRead } from 'hyparquet'" },
  { rule: 'Import rule 7', file: 'benchmarks/inside.ts', text: "import { filter } from '../operators/filter.ts'" },
  {
    rule: 'Import rule 7',
    file: 'core/dataflow/type.ts',
    text: "export type Task = import('../runtime/task.ts').Task",
  },
  {
    rule: 'Import rule 7',
    file: 'core/dataflow/detour.ts',
    text: "import { t } from './pipeline/../../runtime/task.ts'",
  },
  {
    rule: 'noImportCycles',
    file: 'core/model/hen.ts',
    text: "import { egg } from './egg.ts'\nexport const hen = () => egg",
  },
  {
    rule: 'noImportCycles',
    file: 'core/model/egg.ts',
    text: "import { hen } from './hen.ts'\nexport const egg = () => hen",
  },
]

/** What each room is for must stay allowed. */
export const legalImports: readonly PlantedFile[] = [
  { file: 'core/legal.ts', text: "export { pipeline } from './dataflow/pipeline.ts'" },
  { file: 'core/checkpoint/legal.ts', text: "import { block } from '../state/block.ts'" },
  { file: 'core/checkpoint/coordinator/legal.ts', text: "import { block } from '../../state/block.ts'" },
  { file: 'core/checkpoint/coordinator/above.ts', text: "import { ledger } from '../ledger.ts'" },
  { file: 'core/runtime/legal.ts', text: "import { map } from 'rxjs'\nimport { plan } from '../dataflow/plan.ts'" },
  { file: 'formats/record-batch/legal.ts', text: "import { gunzipSync } from 'node:zlib'\nimport '../json/scan.ts'" },
  { file: 'formats/record-batch/legal-model.ts', text: "import type { Batch } from '../../core/model/batch.ts'" },
  { file: 'formats/parquet/legal.ts', text: "import { tableToIPC } from 'apache-arrow'" },
  { file: 'formats/json/kernel/legal.ts', text: "import type { Batch } from '../../../core/model/batch.ts'" },
  { file: 'operators/legal.ts', text: "import { block } from '../core/state/block.ts'\nimport { z } from 'zod'" },
  { file: 'connectors/delta/legal.ts', text: "import { write } from '../../formats/parquet/write.ts'" },
  { file: 'state/legal.ts', text: "import { Level } from 'level'\nimport { block } from '../core/state/block.ts'" },
  { file: 'platform/legal.ts', text: "import { open } from 'node:fs/promises'\nimport '../state/level-store.ts'" },
  { file: 'platform/worker/legal.ts', text: "import { task } from '../../core/runtime/task.ts'" },
  { file: 'cli/commands/legal.ts', text: "import { run } from '../../platform/index.ts'" },
  { file: 'examples/orders/legal.ts', text: "import { filter } from 'millrace/operators'\nimport './contract.ts'" },
  { file: 'examples/flights/legal.ts', text: "import { parquetRead } from 'hyparquet'" },
  { file: 'benchmarks/legal.ts', text: "import { pipeline } from 'millrace'" },
  { file: 'tests/core/legal.ts', text: "import fc from 'fast-check'\nimport '../../core/runtime/task.ts'" },
]
