import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ColumnBuilder } from '../../../core/model/column-builder.ts'
import { contract, string } from '../../../core/model/contract.ts'
import { Kernel } from '../../../formats/json/kernel/kernel.ts'

const target = contract('text', { t: string() })
const builders = target.schema.fields.map((field) => new ColumnBuilder(field.type))
const encoder = new TextEncoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** First bytes of every kind, and the bytes between which table 3-7 of the Unicode Standard tells apart. */
const FIRST = Array.from({ length: 128 }, (_, byte) => 0x80 + byte)
const NEXT = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xe1, 0xf0, 0xff]
/** Places in the sixteen bytes that the kernel looks at, and in the next ones. */
const PLACES = [0, 1, 10, 11, 12, 13, 14, 15, 16, 28]

/** Whether the kernel takes the text of these bytes, and if so, which bytes it makes of it. */
function read(kernel: Kernel, bytes: readonly number[]): string {
  const buffer = Uint8Array.from([...encoder.encode('{"t":"'), ...bytes, ...encoder.encode('"}')])
  kernel.load({ buffer, starts: Int32Array.of(0), lengths: Int32Array.of(buffer.length) }, 0, 1)
  if (kernel.decode(1, builders) === 0) return 'refused'
  return Buffer.from(builders[0]!.finish().values as Uint8Array).toString('hex')
}

function expected(bytes: readonly number[]): string {
  const text = Uint8Array.from(bytes)
  try {
    strict.decode(text)
  } catch {
    return 'refused'
  }
  return Buffer.from(text).toString('hex')
}

it('the kernel takes the texts that are UTF-8 and no others, wherever a code point stands', () => {
  const kernel = Kernel.for(target.schema, false)!
  const pairs = FIRST.flatMap((first) => NEXT.map((next) => [first, next]))
  const longer = [0xc3, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff].flatMap((first) =>
    NEXT.flatMap((second) =>
      NEXT.flatMap((third) => [[first, second, third], ...NEXT.map((fourth) => [first, second, third, fourth])]),
    ),
  )
  let taken = 0
  for (const bytes of [...FIRST.map((first) => [first]), ...pairs, ...longer]) {
    const place = PLACES[(bytes.at(-1)! + bytes.length + taken) % PLACES.length]!
    for (const behind of [0, 1, 20]) {
      const text = [...Array<number>(place).fill(0x61), ...bytes, ...Array<number>(behind).fill(0x62)]
      const answer = expected(text)
      assert.equal(read(kernel, text), answer, `${Buffer.from(text).toString('hex')} at ${place}`)
      if (answer !== 'refused') taken++
    }
  }
  assert.ok(taken > 1_000, `${taken} were taken`)
})

it('and texts of code points of every length, one behind the other', () => {
  const kernel = Kernel.for(target.schema, false)!
  for (let length = 1; length <= 40; length++) {
    for (let first = 0; first < 4; first++) {
      const text = Array.from({ length }, (_, at) => ['a', 'ü', '京', '🎉'][(first + at * at) % 4]!).join('')
      const bytes = [...encoder.encode(text)]
      assert.equal(read(kernel, bytes), expected(bytes), text)
      for (const cut of [1, 2, 3]) {
        const shorter = bytes.slice(0, -cut)
        assert.equal(read(kernel, shorter), expected(shorter), `${text}, ${cut} bytes less`)
      }
    }
  }
})
