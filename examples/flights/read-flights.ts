import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'
import { type AsyncBuffer, parquetMetadataAsync, parquetRead } from 'hyparquet'

/** The columns of a run of flights, in the order of the file. */
export interface FlightColumns {
  /** Position of the first one in the file. */
  readonly first: number
  /** Epoch ms. */
  readonly date: readonly number[]
  readonly delay: readonly bigint[]
  readonly distance: readonly bigint[]
  readonly origin: readonly string[]
  readonly destination: readonly string[]
}

/** Flights in the file. */
export const FLIGHTS = 3_000_000

/** Path of the Parquet file with three million flights of 2001, from the package `vega-datasets`. */
export function flightsFile(): string {
  return fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')))
}

/** Reads the file, one row group at a time. */
export async function* readFlights(): AsyncGenerator<FlightColumns, void> {
  const handle = await open(flightsFile())
  try {
    const file = await asBuffer(handle)
    const metadata = await parquetMetadataAsync(file)
    let first = 0
    for (const group of metadata.row_groups) {
      const end = first + Number(group.num_rows)
      const columns: Record<string, unknown[]> = {}
      await parquetRead({
        file,
        metadata,
        rowStart: first,
        rowEnd: end,
        compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
        parsers: { timestampFromMicroseconds: (micros: bigint) => Number(micros) / 1000 },
        onChunk: ({ columnName, columnData }) => {
          columns[columnName] = [...(columns[columnName] ?? []), ...columnData]
        },
      })
      // The schema of this file is known: a timestamp, two int64 and two texts.
      yield { first, ...columns } as unknown as FlightColumns
      first = end
    }
  } finally {
    await handle.close()
  }
}

async function asBuffer(handle: Awaited<ReturnType<typeof open>>): Promise<AsyncBuffer> {
  const { size } = await handle.stat()
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start)
      await handle.read(bytes, 0, bytes.length, start)
      return bytes.buffer
    },
  }
}
