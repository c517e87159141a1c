import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { completeLock, type Lock, missingOptionals } from '../../scripts/lock.ts'

const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')
const lock = JSON.parse(text) as Lock

describe('package-lock.json', () => {
  it('has an entry for every optional dependency, so npm ci accepts it on every machine', () => {
    assert.deepEqual(missingOptionals(lock), [])
  })

  it('names no registry', () => {
    assert.deepEqual(
      Object.entries(lock.packages).filter(([, entry]) => entry.resolved !== undefined),
      [],
    )
  })

  it('carries the checksum of every package that npm found', () => {
    const unchecked = Object.entries(lock.packages).filter(
      ([path, entry]) => path !== '' && !('integrity' in entry) && entry.optional !== true,
    )
    assert.deepEqual(unchecked, [])
  })
})

describe('completeLock', () => {
  const incomplete: Lock = {
    packages: {
      '': {},
      'node_modules/tool': {
        version: '1.0.0',
        resolved: 'https://host.example/tool-1.0.0.tgz',
        dev: true,
        optionalDependencies: { '@tool/cli-linux-arm64': '1.0.0', 'tool-win32-x64': '^1.2.0', nested: '2.0.0' },
      },
      'node_modules/tool/node_modules/nested': { version: '2.0.0' },
    },
  }

  it('adds what npm left out, with version, system and processor', () => {
    const { packages } = completeLock(incomplete)
    assert.deepEqual(packages['node_modules/@tool/cli-linux-arm64'], {
      version: '1.0.0',
      cpu: ['arm64'],
      dev: true,
      optional: true,
      os: ['linux'],
    })
    assert.equal(packages['node_modules/tool-win32-x64']?.version, '1.2.0')
    assert.deepEqual(missingOptionals({ packages }), [])
  })

  it('keeps an entry that is nested in its parent and adds no second one', () => {
    assert.equal(completeLock(incomplete).packages['node_modules/nested'], undefined)
  })

  it('drops addresses of a registry', () => {
    assert.equal(completeLock(incomplete).packages['node_modules/tool']?.resolved, undefined)
  })

  it('changes nothing in a complete lock', () => {
    assert.equal(`${JSON.stringify(completeLock(lock), null, 2)}\n`, text)
  })
})
