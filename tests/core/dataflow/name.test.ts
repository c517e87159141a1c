import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkName } from '../../../core/dataflow/name.ts'

it('refuses names that every object has: counts are kept by id in plain objects', () => {
  assert.throws(() => checkName('sink', 'constructor'), { code: 'MR_OPTION_INVALID' })
  assert.doesNotThrow(() => checkName('sink', 'constructor-2'))
})
