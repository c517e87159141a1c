import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createExclusively, type FileStore, replaceAtomically } from '../../../core/ports/file-store.ts'

/** Files in a directory of their own, empty at first. */
export interface FileStorePlace {
  readonly files: FileStore
  /** Absolute path of a directory that exists. */
  readonly directory: string
  /** Runs work on it to its end: a simulation has to be driven. */
  run<T>(work: () => Promise<T>): Promise<T>
  dispose(): Promise<void>
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = async (files: FileStore, path: string): Promise<string> =>
  new TextDecoder().decode(await files.read(path))

const guarantees: Readonly<Record<string, (files: FileStore, directory: string) => Promise<void>>> = {
  'write creates or replaces, append adds, truncate cuts': async (files, directory) => {
    const path = `${directory}/f`
    await files.append(path, bytes('one'))
    await files.append(path, [bytes('t'), bytes(''), bytes('wo')])
    await files.append(path, [])
    assert.equal(await textOf(files, path), 'onetwo')
    assert.equal(await files.size(path), 6)
    await files.truncate(path, 4)
    assert.equal(await textOf(files, path), 'onet')
    await files.write(path, bytes('new'))
    assert.equal(await textOf(files, path), 'new')
    await files.sync(path)
    await files.syncDirectory(directory)
  },

  'read gives a range, and less at the end of the file': async (files, directory) => {
    const path = `${directory}/f`
    await files.write(path, bytes('0123456789'))
    const range = async (offset: number, length: number) =>
      new TextDecoder().decode(await files.read(path, { offset, length }))
    assert.equal(await range(2, 3), '234')
    assert.equal(await range(8, 5), '89')
    assert.equal(await range(10, 5), '')
    assert.equal(await range(20, 5), '')
    assert.equal(await range(3, 0), '')
  },

  'large contents come back as they went in': async (files, directory) => {
    const path = `${directory}/large`
    const content = Uint8Array.from({ length: 700_000 }, (_, i) => i * 31)
    await files.write(path, content)
    await files.append(path, [content.subarray(0, 300_000), content.subarray(300_000)])
    assert.deepEqual(await files.read(path), Uint8Array.from([...content, ...content]))
    assert.deepEqual(
      await files.read(path, { offset: 699_999, length: 500_000 }),
      Uint8Array.from([content[699_999]!, ...content.subarray(0, 499_999)]),
    )
  },

  'a file keeps its own copy of what was written': async (files, directory) => {
    const content = bytes('xabcx')
    await files.write(`${directory}/f`, content.subarray(1, 4))
    content.fill(0)
    const read = await files.read(`${directory}/f`)
    read.fill(0)
    assert.equal(await textOf(files, `${directory}/f`), 'abc')
  },

  'what is absent is told apart from what fails': async (files, directory) => {
    const absent = `${directory}/absent`
    assert.equal(await files.size(absent), undefined)
    assert.equal(await files.modifiedAt(absent), undefined)
    assert.deepEqual(await files.list(absent), [])
    await files.remove(absent)
    const missing = { code: 'MR_FILE_MISSING' }
    await assert.rejects(files.read(absent), missing)
    await assert.rejects(files.sync(absent), missing)
    await assert.rejects(files.truncate(absent, 0), missing)
    await assert.rejects(files.rename(absent, `${directory}/f`), missing)
    await assert.rejects(files.link(absent, `${directory}/f`), missing)
    await assert.rejects(files.write(`${absent}/f`, bytes('')), missing)
    await assert.rejects(files.append(`${absent}/f`, bytes('')), missing)
    await assert.rejects(files.syncDirectory(absent), missing)
    await assert.rejects(files.read(directory), { code: 'MR_FILE_IO', details: { path: directory, errno: 'EISDIR' } })
  },

  'a directory is listed in order and has neither size nor time of a file': async (files, directory) => {
    await files.makeDirectory(`${directory}/a/b/c`)
    await files.makeDirectory(`${directory}/a/b/c`)
    for (const name of ['10', '9', 'Z', 'b', 'ab'])
      await files.write(`${directory}/a/${name === 'b' ? 'bb' : name}`, bytes(''))
    assert.deepEqual(await files.list(`${directory}/a`), ['10', '9', 'Z', 'ab', 'b', 'bb'])
    assert.equal(await files.size(`${directory}/a`), undefined)
    assert.equal(await files.modifiedAt(`${directory}/a`), undefined)
    assert.ok(((await files.modifiedAt(`${directory}/a/9`)) ?? -1) >= 0)
  },

  'link gives a second name once, and the first one may go': async (files, directory) => {
    await files.write(`${directory}/a`, bytes('a'))
    await files.write(`${directory}/b`, bytes('b'))
    assert.equal(await files.link(`${directory}/a`, `${directory}/c`), 'linked')
    assert.equal(await files.link(`${directory}/b`, `${directory}/c`), 'exists')
    await files.remove(`${directory}/a`)
    assert.equal(await textOf(files, `${directory}/c`), 'a')
    assert.deepEqual(await files.list(directory), ['b', 'c'])
  },

  'rename replaces': async (files, directory) => {
    await files.write(`${directory}/a`, bytes('a'))
    await files.write(`${directory}/b`, bytes('b'))
    await files.rename(`${directory}/a`, `${directory}/b`)
    assert.deepEqual(await files.list(directory), ['b'])
    assert.equal(await textOf(files, `${directory}/b`), 'a')
  },

  'of many who create exclusively one wins, and its content stays': async (files, directory) => {
    const path = `${directory}/claim`
    const claims = ['0', '1', '2', '3'].map((name) =>
      createExclusively(files, path, { bytes: bytes(name), temporary: `${directory}/t${name}` }),
    )
    const outcomes = await Promise.all(claims)
    assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1)
    assert.equal(await textOf(files, path), String(outcomes.indexOf('created')))
    await replaceAtomically(files, path, { bytes: bytes('new'), temporary: `${directory}/t` })
    assert.equal(await textOf(files, path), 'new')
    assert.deepEqual(await files.list(directory), ['claim'])
  },

  'a lock has one holder and comes free by release': async (files, directory) => {
    const lock = await files.lock(directory)
    assert.ok(lock !== undefined)
    assert.equal(await files.lock(directory), undefined)
    await files.makeDirectory(`${directory}/other`)
    const other = await files.lock(`${directory}/other`)
    assert.ok(other !== undefined)
    await lock.release()
    const again = await files.lock(directory)
    assert.ok(again !== undefined)
    await again.release()
    await other.release()
  },
}

/** What every {@link FileStore} guarantees. `make` gives a fresh place. */
export function fileStoreSuite(name: string, make: () => Promise<FileStorePlace>): void {
  describe(`${name} as a file store`, () => {
    for (const [sentence, check] of Object.entries(guarantees)) {
      it(sentence, async () => {
        const place = await make()
        try {
          await place.run(() => check(place.files, place.directory))
        } finally {
          await place.dispose()
        }
      })
    }
  })
}
