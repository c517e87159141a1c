/** A file of one line. */
export interface PlantedFile {
  readonly file: string
  readonly line: string
}

/** A file that must be refused, with the name of the rule that the finding has to give. */
export interface PlantedViolation extends PlantedFile {
  readonly rule: string
}

/** At least one violation of every rule and for every folder that has a rule. */
export const plantedViolations: readonly PlantedViolation[] = [
  { rule: 'Import rule 1', file: 'core/model/upward.ts', line: "export { port } from '../ports/port.ts'" },
  { rule: 'Import rule 1', file: 'core/ports/sideways.ts', line: "import '../runtime/task.ts'" },
  { rule: 'Import rule 1', file: 'core/state/sideways.ts', line: "import type { Plan } from '../dataflow/plan.ts'" },
  { rule: 'Import rule 1', file: 'core/dataflow/runtime.ts', line: "import { task } from '../runtime/task.ts'" },
  {
    rule: 'Import rule 1',
    file: 'core/dataflow/pipeline/deep.ts',
    line: "import { task } from '../../runtime/task.ts'",
  },
  {
    rule: 'Import rule 1',
    file: 'core/actors/checkpoint.ts',
    line: "import { ledger } from '../checkpoint/ledger.ts'",
  },
  { rule: 'Import rule 1', file: 'core/checkpoint/dataflow.ts', line: "import { plan } from '../dataflow/plan.ts'" },
  { rule: 'Import rule 1', file: 'core/checkpoint/index.ts', line: "import { pipeline } from '../index.ts'" },
  { rule: 'Import rule 1', file: 'core/observability/runtime.ts', line: "import { task } from '../runtime/task.ts'" },
  {
    rule: 'Import rule 1',
    file: 'core/checkpoint/dynamic.ts',
    line: "export const runtime = import('../runtime/task.ts')",
  },
  { rule: 'Import rule 2', file: 'formats/json/port.ts', line: "import { port } from '../../core/ports/port.ts'" },
  {
    rule: 'Import rule 2',
    file: 'formats/record-batch/state.ts',
    line: "import { block } from '../../core/state/block.ts'",
  },
  { rule: 'Import rule 2', file: 'formats/parquet/port.ts', line: "import { port } from '../../core/ports/port.ts'" },
  { rule: 'Import rule 2', file: 'formats/port.ts', line: "import { port } from '../core/ports/port.ts'" },
  { rule: 'Import rule 3', file: 'operators/connector.ts', line: "import { log } from '../connectors/log/index.ts'" },
  { rule: 'Import rule 3', file: 'operators/store.ts', line: "import { store } from '../state/level-store.ts'" },
  { rule: 'Import rule 3', file: 'connectors/log/delta.ts', line: "import { commit } from '../delta/commit.ts'" },
  {
    rule: 'Import rule 3',
    file: 'connectors/delta/state.ts',
    line: "import { block } from '../../core/state/block.ts'",
  },
  { rule: 'Import rule 3', file: 'connectors/operators.ts', line: "import { filter } from '../operators/filter.ts'" },
  { rule: 'Import rule 3', file: 'state/runtime.ts', line: "import { task } from '../core/runtime/task.ts'" },
  { rule: 'Import rule 4', file: 'core/index.ts', line: "export { filter } from '../operators/filter.ts'" },
  { rule: 'Import rule 1', file: 'core/runtime/store.ts', line: "import { store } from '../../state/level-store.ts'" },
  {
    rule: 'Import rule 1',
    file: 'core/runtime/format.ts',
    line: "import { decode } from '../../formats/json/scan.ts'",
  },
  { rule: 'Import rule 5', file: 'core/runtime/files.ts', line: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'core/model/hash.ts', line: "import { createHash } from 'node:crypto'" },
  { rule: 'Import rule 5', file: 'formats/json/zlib.ts', line: "import { gunzipSync } from 'node:zlib'" },
  { rule: 'Import rule 5', file: 'formats/record-batch/files.ts', line: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'operators/files.ts', line: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'connectors/log/files.ts', line: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'state/files.ts', line: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'cli/files.ts', line: "import { open } from 'node:fs/promises'" },
  { rule: 'Import rule 5', file: 'platform/cli.ts', line: "import { main } from '../cli/main.ts'" },
  { rule: 'Import rule 5', file: 'cli/tests.ts', line: "import { oracle } from '../tests/simulation/oracle.ts'" },
  { rule: 'Import rule 6', file: 'core/dataflow/rxjs.ts', line: "import { map } from 'rxjs'" },
  { rule: 'Import rule 6', file: 'core/model/zod.ts', line: "import { z } from 'zod'" },
  { rule: 'Import rule 6', file: 'core/runtime/self.ts', line: "import { filter } from 'millrace/operators'" },
  { rule: 'Import rule 6', file: 'operators/level.ts', line: "import { Level } from 'level'" },
  { rule: 'Import rule 6', file: 'connectors/delta/parquet.ts', line: "import { parquetRead } from 'hyparquet'" },
  { rule: 'Import rule 6', file: 'formats/json/wasm.ts', line: "import { lz4 } from '@platformatic/wasm-utils'" },
  { rule: 'Import rule 6', file: 'platform/commander.ts', line: "import { Command } from 'commander'" },
  { rule: 'Import rule 6', file: 'platform/msgpackr.ts', line: "import { pack } from 'msgpackr'" },
  { rule: 'Import rule 6', file: 'cli/piscina.ts', line: "import { Piscina } from 'piscina'" },
  { rule: 'Import rule 6', file: 'state/fast-check.ts', line: "import fc from 'fast-check'" },
  {
    rule: 'Import rule 7',
    file: 'examples/orders/inside.ts',
    line: "import { filter } from '../../operators/filter.ts'",
  },
  {
    rule: 'Import rule 7',
    file: 'examples/flights/inside.ts',
    line: "import { filter } from '../../operators/filter.ts'",
  },
  { rule: 'Import rule 6', file: 'examples/orders/parquet.ts', line: "import { parquetRead } from 'hyparquet'" },
  { rule: 'Import rule 7', file: 'benchmarks/inside.ts', line: "import { filter } from '../operators/filter.ts'" },
  {
    rule: 'Import rule 7',
    file: 'core/dataflow/type.ts',
    line: "export type Task = import('../runtime/task.ts').Task",
  },
  {
    rule: 'Import rule 7',
    file: 'core/dataflow/detour.ts',
    line: "import { t } from './pipeline/../../runtime/task.ts'",
  },
  {
    rule: 'noImportCycles',
    file: 'core/model/hen.ts',
    line: "import { egg } from './egg.ts'\nexport const hen = () => egg",
  },
  {
    rule: 'noImportCycles',
    file: 'core/model/egg.ts',
    line: "import { hen } from './hen.ts'\nexport const egg = () => hen",
  },
]

/** What each room is for must stay allowed. */
export const legalImports: readonly PlantedFile[] = [
  { file: 'core/legal.ts', line: "export { pipeline } from './dataflow/pipeline.ts'" },
  { file: 'core/checkpoint/legal.ts', line: "import { block } from '../state/block.ts'" },
  { file: 'core/checkpoint/coordinator/legal.ts', line: "import { block } from '../../state/block.ts'" },
  { file: 'core/checkpoint/coordinator/above.ts', line: "import { ledger } from '../ledger.ts'" },
  { file: 'core/runtime/legal.ts', line: "import { map } from 'rxjs'\nimport { plan } from '../dataflow/plan.ts'" },
  { file: 'formats/record-batch/legal.ts', line: "import { gunzipSync } from 'node:zlib'\nimport '../json/scan.ts'" },
  { file: 'formats/record-batch/legal-model.ts', line: "import type { Batch } from '../../core/model/batch.ts'" },
  { file: 'formats/parquet/legal.ts', line: "import { tableToIPC } from 'apache-arrow'" },
  { file: 'formats/json/kernel/legal.ts', line: "import type { Batch } from '../../../core/model/batch.ts'" },
  { file: 'operators/legal.ts', line: "import { block } from '../core/state/block.ts'\nimport { z } from 'zod'" },
  { file: 'connectors/delta/legal.ts', line: "import { write } from '../../formats/parquet/write.ts'" },
  { file: 'state/legal.ts', line: "import { Level } from 'level'\nimport { block } from '../core/state/block.ts'" },
  { file: 'platform/legal.ts', line: "import { open } from 'node:fs/promises'\nimport '../state/level-store.ts'" },
  { file: 'platform/worker/legal.ts', line: "import { task } from '../../core/runtime/task.ts'" },
  { file: 'cli/commands/legal.ts', line: "import { run } from '../../platform/index.ts'" },
  { file: 'examples/orders/legal.ts', line: "import { filter } from 'millrace/operators'\nimport './contract.ts'" },
  { file: 'examples/flights/legal.ts', line: "import { parquetRead } from 'hyparquet'" },
  { file: 'benchmarks/legal.ts', line: "import { pipeline } from 'millrace'" },
  { file: 'tests/core/legal.ts', line: "import fc from 'fast-check'\nimport '../../core/runtime/task.ts'" },
]
