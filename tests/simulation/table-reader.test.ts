import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parquetWriteBuffer } from 'hyparquet-writer'
import { checkGrowth, checkTable, commitsOf } from './invariants.ts'
import { readRows, readTable, type TableFiles } from './table-reader.ts'

const encoder = new TextEncoder()

/** A small table, written by hand as the Delta protocol says. */
class Disk implements TableFiles {
  readonly files = new Map<string, Uint8Array>()

  read(path: string): Uint8Array | undefined {
    return this.files.get(path)
  }

  list(directory: string): readonly string[] {
    const inside = [...this.files.keys()].filter((path) => path.startsWith(`${directory}/`))
    return inside.map((path) => path.slice(directory.length + 1)).filter((name) => !name.includes('/'))
  }

  commit(version: number, actions: readonly object[]): void {
    const text = actions.map((action) => `${JSON.stringify(action)}\n`).join('')
    this.files.set(`/t/_delta_log/${String(version).padStart(20, '0')}.json`, encoder.encode(text))
  }

  /** Adds a data file; returns its action. */
  data(path: string, ids: readonly bigint[]): { readonly add: object } {
    const columnData = [
      { name: 'id', data: BigInt64Array.from(ids), type: 'INT64' as const },
      { name: 'note', data: ids.map((id) => (id % 2n === 0n ? null : `n${id}`)), type: 'STRING' as const },
    ]
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData }))
    this.files.set(`/t/${path}`, bytes)
    const stats = JSON.stringify({ numRecords: ids.length })
    return {
      add: { path: encodeURI(path), size: bytes.length, stats, partitionValues: { region: 'a b' }, dataChange: true },
    }
  }
}

const millrace = (previousEpoch: number, epoch: number): object => ({
  commitInfo: {
    millrace: { appId: 'p/s/0', previousEpoch, epoch, ranges: [{ split: 'events-0', from: 0, to: epoch }] },
  },
})
const fields = [
  { name: 'id', type: 'long' },
  { name: 'note', type: 'string' },
  { name: 'region', type: 'string' },
]

function table(): Disk {
  const disk = new Disk()
  disk.commit(0, [
    { metaData: { schemaString: JSON.stringify({ type: 'struct', fields }), partitionColumns: ['region'] } },
  ])
  disk.commit(1, [
    millrace(-1, 4),
    { txn: { appId: 'p/s/0', version: 4 } },
    disk.data('region=a b/one.parquet', [1n, 2n]),
  ])
  disk.commit(2, [millrace(4, 5), { txn: { appId: 'p/s/0', version: 5 } }, disk.data('region=a b/two.parquet', [3n])])
  return disk
}

test('rows, commits and transactions of a table are read as written', async () => {
  const disk = table()
  const history = await readTable(disk, '/t')
  assert.deepEqual(checkTable(history), [])
  assert.deepEqual(
    commitsOf(history, 'p/s/0').map(({ epoch }) => epoch),
    [4, 5],
  )
  assert.equal(history.txns.get('p/s/0'), 5)
  assert.deepEqual(await readRows(disk, history, history.live.values()), [
    { id: 1n, note: 'n1', region: 'a b' },
    { id: 2n, region: 'a b' },
    { id: 3n, note: 'n3', region: 'a b' },
  ])
})

test('a gap in the versions, a missing file, a cut file and a file added twice are each found', async () => {
  const broken: readonly [RegExp, (disk: Disk) => unknown][] = [
    [/version 1 is missing/, (disk) => disk.files.delete('/t/_delta_log/00000000000000000001.json')],
    [/one.parquet is in the table but not on the disk/, (disk) => disk.files.delete('/t/region=a b/one.parquet')],
    [/two.parquet has 10 bytes/, (disk) => disk.files.set('/t/region=a b/two.parquet', new Uint8Array(10))],
    [
      /adds region=a b\/one.parquet a second time/,
      (disk) => disk.commit(3, [disk.data('region=a b/one.parquet', [1n, 2n])]),
    ],
    [
      /_last_checkpoint names/,
      (disk) => disk.files.set('/t/_delta_log/_last_checkpoint', encoder.encode('{"version":2}')),
    ],
  ]
  for (const [message, breakIt] of broken) {
    const disk = table()
    breakIt(disk)
    assert.match(checkTable(await readTable(disk, '/t')).join('\n'), message)
  }
})

test('statistics that count other records than the file holds are found', async () => {
  const disk = table()
  const { add } = disk.data('region=a b/three.parquet', [1n])
  disk.commit(3, [{ add: { ...add, stats: '{"numRecords":2}' } }])
  const history = await readTable(disk, '/t')
  await assert.rejects(readRows(disk, history, history.live.values()), /holds 1 records, its statistics say 2/)
})

test('a table that shrinks under its readers is found', async () => {
  const disk = table()
  const before = await readTable(disk, '/t')
  disk.files.delete('/t/_delta_log/00000000000000000002.json')
  const now = await readTable(disk, '/t')
  assert.deepEqual(checkGrowth(now, before), [])
  assert.match(checkGrowth(before, now).join('\n'), /two.parquet was visible and is gone\nI9: 3 versions became 2/)
})
