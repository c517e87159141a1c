import type { Random } from '../../core/ports/random.ts'

/**
 * Seeded randomness of the simulation: sfc32 (Doty-Humphrey, public domain). Equal seeds give equal numbers on every
 * machine. `fork` depends on the seed and the label alone, never on how many numbers were drawn before.
 */
export class SeededRandom implements Random {
  readonly seed: number
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.seed = seed >>> 0
    this.#a = scramble(this.seed)
    this.#b = scramble(this.#a ^ 0x9e3779b9)
    this.#c = scramble(this.#b ^ 0x243f6a88)
    for (let i = 0; i < 12; i++) this.uint32()
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  uuid(): string {
    const words = [this.uint32(), this.uint32(), this.uint32(), this.uint32()]
    const digits = words.map((word) => word.toString(16).padStart(8, '0')).join('')
    const variant = ((Number.parseInt(digits[16]!, 16) & 3) | 8).toString(16)
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor((this.uint32() / 4294967296) * bound)
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.uint32() / 4294967296 < probability
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }

  /** An independent stream of numbers for one purpose. */
  fork(label: string): SeededRandom {
    let hash = this.seed ^ 0x811c9dc5
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193)
    return new SeededRandom(scramble(hash))
  }
}

function scramble(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
  return (mixed ^ (mixed >>> 15)) >>> 0
}
