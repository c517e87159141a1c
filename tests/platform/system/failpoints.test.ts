import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { failpointFromEnvironment } from '../../../platform/system/failpoints.ts'

const failpoint = (text: string) => failpointFromEnvironment({ MILLRACE_FAIL: text })

describe('failpointFromEnvironment', () => {
  it('does nothing where the variable is absent or empty', () => {
    failpointFromEnvironment({})('P3-prepared')
    failpoint('')('P3-prepared')
  })

  it('throws at the nth pass of its point, once', () => {
    const pass = failpoint('P3-prepared:throw:2')
    pass('P3-prepared')
    pass('P2-staged')
    assert.throws(() => pass('P3-prepared'), { code: 'MR_INTERNAL', message: /P3-prepared/ })
    pass('P3-prepared')
  })

  it('takes several points, each with its own count', () => {
    const pass = failpoint('P1-aligned:throw:1, P2-staged:throw:2')
    pass('P2-staged')
    assert.throws(() => pass('P1-aligned'), { code: 'MR_INTERNAL' })
    assert.throws(() => pass('P2-staged'), { code: 'MR_INTERNAL' })
  })

  it('blocks the thread for a delay', () => {
    const pass = failpoint('P5-before-commit:delay-30:1')
    const before = performance.now()
    pass('P5-before-commit')
    assert.ok(performance.now() - before >= 29)
  })

  it('kills the process by SIGKILL and lets nothing happen after', () => {
    const program = ['-C', 'millrace-source', fileURLToPath(new URL('pass-failpoints.ts', import.meta.url))]
    const env = { ...process.env, MILLRACE_FAIL: 'P4-manifest-created:kill:3' }
    const child = spawnSync(process.execPath, program, { env, encoding: 'utf8' })
    assert.equal(child.signal, 'SIGKILL')
    assert.equal(child.stdout, '1\n2\n')
  })

  it('traces every point that is passed, also the one that kills', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-trace-'))
    try {
      const program = ['-C', 'millrace-source', fileURLToPath(new URL('pass-failpoints.ts', import.meta.url))]
      const trace = join(folder, 'trace')
      const env = { ...process.env, MILLRACE_FAIL: `trace:${trace},P4-manifest-created:kill:3` }
      assert.equal(spawnSync(process.execPath, program, { env }).signal, 'SIGKILL')
      assert.equal(readFileSync(trace, 'utf8'), 'P4-manifest-created\n'.repeat(3))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('refuses what it does not understand', () => {
    for (const text of [
      'P3-prepared',
      'P3-prepared:kill',
      'P3-prepared:kill:0',
      'P3-prepared:burn:1',
      'P3-prepared:delay-x:1',
      ',',
      'trace:',
    ]) {
      assert.throws(() => failpoint(text), { code: 'MR_OPTION_INVALID', message: /MILLRACE_FAIL/ }, text)
    }
    assert.throws(() => failpoint('P3-prepare:kill:1'), { code: 'MR_OPTION_INVALID', message: /"P3-prepared"/ })
  })
})
