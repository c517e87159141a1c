import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Schema, sameSchema } from '../../core/model/field-type.ts'
import { KeyHasher, type KeySelector } from '../../core/model/key.ts'
import type { Operator, OperatorFunction, OperatorSpec, StateBlock } from '../../core/ports/operator.ts'
import { sealed } from '../core/state/encode-block.ts'
import { batchOf, type Fields, instanceOf, Recorder, specOf, splitOf, type TestRecord } from './batches.ts'

/** What the suite needs to know of an operator. */
export interface OperatorCase<T, R> {
  readonly schema: Schema
  readonly operator: OperatorFunction<T, R>
  /** What the stream is keyed by, for an operator that takes a keyed stream. */
  readonly key?: KeySelector
  /** Fields of one record; few different keys make it interesting. */
  readonly fields: fc.Arbitrary<Fields>
}

/**
 * One step of a stream: a record, or a watermark, and what happens after it. `cut` ends the batch; `barrier` ends the
 * epoch; `crash`: after the barrier so many steps are processed, lost with the instance, and replayed.
 */
interface Step {
  readonly record: TestRecord | undefined
  readonly advance: number
  readonly after: 'nothing' | 'cut' | 'barrier' | 'crash'
  readonly lost: number
}

type Property = <T, R>(operatorCase: OperatorCase<T, R>) => void

/** What every operator must keep, as properties that throw where it does not. */
export const operatorProperties: Readonly<Record<string, Property>> = {
  'gives the same results for every split into batches and after a restore at any barrier': (operatorCase) => {
    forAllScripts(operatorCase, (script) => {
      const uninterrupted = script.map((step): Step => ({ ...step, after: 'nothing' }))
      assert.deepEqual(resultsOf(run(operatorCase, script)), resultsOf(run(operatorCase, uninterrupted)))
    })
  },
  'accounts for every record: out, dropped by reason, or rejected': (operatorCase) => {
    forAllScripts(operatorCase, (script) => {
      const living = script.filter(({ record }) => record !== undefined && record.isDead !== true).length
      assert.equal(run(operatorCase, script).count, living)
    })
  },
  'emits batches of the schema that it declares, none of them empty': (operatorCase) => {
    const { output } = specIn(operatorCase).bind(operatorCase.schema, keyIn(operatorCase))
    forAllScripts(operatorCase, (script) => {
      for (const batch of run(operatorCase, script).batches) {
        assert.ok(sameSchema(batch.schema, output) && batch.columns.length === output.fields.length)
        assert.ok(batch.count > 0)
      }
    })
  },
  'leaves its input as it was': (operatorCase) => {
    forAllScripts(operatorCase, (script) => {
      const batch = keyed(operatorCase, recordsIn(script))
      const before = structuredClone([batch.columns, batch.selection, batch.system])
      const operator = instanceIn(operatorCase, specIn(operatorCase))
      if (batch.count > 0) operator.onBatch(batch, new Recorder())
      assert.deepEqual([batch.columns, batch.selection, batch.system], before)
    })
  },
  'shares nothing between two instances of one spec': (operatorCase) => {
    const spec = specIn(operatorCase)
    forAllScripts(operatorCase, (script) => {
      const alone = run(operatorCase, script)
      const pair = [1, 2].map(() => ({ operator: instanceIn(operatorCase, spec), recorder: new Recorder() }))
      for (const { from, to } of batchesIn(script)) {
        for (const instance of pair) feed(operatorCase, instance, script.slice(from, to))
      }
      for (const { recorder } of pair) assert.deepEqual(resultsOf(recorder), resultsOf(alone))
    })
  },
}

/** Registers all properties as tests of one operator. A failure prints its seed. */
export function operatorSuite<T, R>(title: string, operatorCase: OperatorCase<T, R>): void {
  describe(`${title} keeps the operator contract`, () => {
    for (const [guarantee, property] of Object.entries(operatorProperties)) it(guarantee, () => property(operatorCase))
  })
}

function forAllScripts<T, R>({ fields }: OperatorCase<T, R>, check: (script: readonly Step[]) => void): void {
  fc.assert(fc.property(stepsOf(fields), check), { numRuns: 50 })
}

function recordsIn(steps: readonly Step[]): readonly TestRecord[] {
  return steps.flatMap(({ record }) => (record === undefined ? [] : [record]))
}

function stepsOf(fields: fc.Arbitrary<Fields>): fc.Arbitrary<readonly Step[]> {
  const after = fc.constantFrom('nothing', 'nothing', 'nothing', 'cut', 'barrier', 'crash')
  const shape = {
    fields,
    lag: fc.nat(15),
    isDead: fc.nat(5),
    isWatermark: fc.nat(8),
    advance: fc.nat(10),
    after,
    lost: fc.nat(6),
  }
  return fc.array(fc.record(shape), { maxLength: 40, size: 'max' }).map((drawn) => {
    let now = 1_000
    return drawn.map(({ fields: drawnFields, lag, isDead, isWatermark, advance, after: what, lost }, offset): Step => {
      if (isWatermark === 0) now += advance
      const record = { fields: drawnFields, time: now + 5 - lag, offset, isDead: isDead === 0 }
      return { record: isWatermark === 0 ? undefined : record, advance: now, after: what as Step['after'], lost }
    })
  })
}

/** Runs a script; the recorder sees what a sink would that forgets uncommitted output at a crash. */
function run<T, R>(operatorCase: OperatorCase<T, R>, script: readonly Step[]): Recorder {
  const spec = specIn(operatorCase)
  const recorder = new Recorder()
  const stored: StateBlock[] = []
  let operator = instanceIn(operatorCase, spec)
  let watermark = Number.NEGATIVE_INFINITY
  for (const { from, to } of batchesIn(script)) {
    const steps = script.slice(from, to)
    feed(operatorCase, { operator, recorder }, steps)
    const last = steps.at(-1)
    if (last === undefined) continue
    if (last.record === undefined) watermark = last.advance
    if (last.after !== 'barrier' && last.after !== 'crash') continue
    stored.push(...sealed(operator.snapshot()))
    if (last.after === 'barrier') continue
    feed(operatorCase, { operator, recorder: new Recorder() }, script.slice(to, to + last.lost))
    operator = instanceIn(operatorCase, spec, watermark)
    for (const block of stored) operator.restore(block)
    if (watermark > Number.NEGATIVE_INFINITY) operator.onWatermark(watermark, recorder)
  }
  return recorder
}

/** Ranges of steps that make one batch each; a watermark stands alone. */
function batchesIn(script: readonly Step[]): readonly { readonly from: number; readonly to: number }[] {
  const ranges: { from: number; to: number }[] = []
  let from = 0
  script.forEach((step, index) => {
    const next = script[index + 1]
    const endsHere =
      step.record === undefined || step.after !== 'nothing' || next === undefined || next.record === undefined
    if (!endsHere) return
    ranges.push({ from, to: index + 1 })
    from = index + 1
  })
  return ranges
}

function feed<T, R>(
  operatorCase: OperatorCase<T, R>,
  to: { readonly operator: Operator; readonly recorder: Recorder },
  steps: readonly Step[],
): void {
  const batch = keyed(operatorCase, recordsIn(steps))
  if (batch.count > 0) to.operator.onBatch(batch, to.recorder)
  const advance = steps.find(({ record }) => record === undefined)?.advance
  if (advance !== undefined) to.operator.onWatermark(advance, to.recorder)
}

function keyed<T, R>(operatorCase: OperatorCase<T, R>, records: readonly TestRecord[]) {
  const batch = batchOf(operatorCase.schema, records)
  const key = keyIn(operatorCase)
  return key === undefined ? batch : batch.withKeys(new KeyHasher(key, 7, { id: 'suite', splitOf }).hash(batch))
}

function specIn<T, R>({ schema, operator, key }: OperatorCase<T, R>): OperatorSpec {
  return specOf(schema, operator, key)
}

function keyIn<T, R>(operatorCase: OperatorCase<T, R>): KeySelector | undefined {
  return specIn(operatorCase).exchange ?? operatorCase.key
}

function instanceIn<T, R>({ schema, key }: OperatorCase<T, R>, spec: OperatorSpec, watermark?: number): Operator {
  return instanceOf(spec, schema, { key, ...(watermark === undefined ? {} : { watermark }) })
}

function resultsOf(recorder: Recorder) {
  return { out: recorder.placed, dropped: recorder.dropped, rejected: recorder.rejected }
}
