import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openMarker, STATE_FORMAT, sealMarker } from '../../../core/checkpoint/epoch-marker.ts'
import { valueCodec } from '../../../state/value-codec.ts'
import { markerOf } from './epochs.ts'

const codec = valueCodec()
const marker = markerOf(7, {
  previous: 'abc',
  watermarks: { 'raw-0': Number.NEGATIVE_INFINITY, 'exchange:unique': 12.5 },
  intents: { table: { from: 5, to: 7, outbox: ['table/7'], content: { files: ['a.parquet'] } } },
})

describe('an epoch marker', () => {
  it('comes out of its bytes as it went in, with the same hash', () => {
    const sealed = sealMarker(marker, codec)
    const opened = openMarker(sealed.bytes, codec)
    assert.deepEqual(opened.marker, marker)
    assert.equal(opened.hash, sealed.hash)
  })

  it('has another hash for any other content', () => {
    const hashes = [marker, { ...marker, epoch: 8 }, { ...marker, previous: 'abd' }].map(
      (one) => sealMarker(one, codec).hash,
    )
    assert.equal(new Set(hashes).size, 3)
  })

  it('shows every flipped byte', () => {
    const { bytes } = sealMarker(marker, codec)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 0x41
      assert.throws(() => openMarker(damaged, codec), { code: 'MR_STATE_CORRUPT' }, `byte ${at}`)
    }
  })

  it('shows every cut', () => {
    const { bytes } = sealMarker(marker, codec)
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => openMarker(bytes.subarray(0, length), codec), { code: 'MR_STATE_CORRUPT' }, `${length} bytes`)
    }
  })

  it('is refused as too new, not as damaged, where a newer version wrote it', () => {
    const { bytes } = sealMarker({ ...marker, format: STATE_FORMAT + 1 }, codec)
    assert.throws(() => openMarker(bytes, codec), { code: 'MR_STATE_FORMAT', message: /format 2/ })
  })
})
