import { PLACES } from '../../state/large-values.ts'
import { decodePlace, type ValuePlace, valueFileName } from '../../state/value-files.ts'
import type { SimulatedDisk } from './simulated-files.ts'
import type { HostPlace } from './simulated-host.ts'
import type { BlockReader } from './stored-blocks.ts'

/** What a host has under its keys, in its store or in a file beside it; a damage of it can be taken back. */
export class StoredValues implements BlockReader {
  readonly #host: HostPlace
  readonly #disk: SimulatedDisk

  constructor(host: HostPlace, disk: SimulatedDisk) {
    this.#host = host
    this.#disk = disk
  }

  get(key: string): Uint8Array | undefined {
    const place = this.#placeOf(key)
    if (place === undefined) return this.#host.state.get(key)
    const { offset, sizeBytes } = place
    return this.#disk.view.read(this.#pathOf(place))?.slice(offset, offset + sizeBytes)
  }

  flip(key: string, bit: number): void {
    const place = this.#placeOf(key)
    if (place === undefined) this.#host.state.flip(key, bit)
    else this.#disk.flip(this.#pathOf(place), 8 * place.offset + bit)
  }

  /** Takes a value away, with all that lies in its file; gives what puts it back. */
  lose(key: string): () => void {
    const place = this.#placeOf(key)
    if (place === undefined) {
      const lost = this.#host.state.get(key)!
      this.#host.state.drop(key)
      return () => this.#host.state.plant(key, lost)
    }
    const path = this.#pathOf(place)
    const lost = this.#disk.view.read(path)!
    this.#disk.lose(path)
    return () => this.#disk.plant(path, lost)
  }

  #placeOf(key: string): ValuePlace | undefined {
    const bytes = this.#host.state.get(PLACES + key)
    return bytes === undefined ? undefined : decodePlace(bytes)
  }

  #pathOf({ file }: ValuePlace): string {
    return `${this.#host.values?.directory}/${valueFileName(file)}`
  }
}
