/** Something that is made when it is first asked for, once; if that fails, the next one who asks makes it anew. */
export class Lazy<T> {
  readonly #make: () => Promise<T>
  #made: Promise<T> | undefined

  constructor(make: () => Promise<T>) {
    this.#make = make
  }

  /** What was made or is being made, if anything. */
  get made(): Promise<T> | undefined {
    return this.#made
  }

  get(): Promise<T> {
    this.#made ??= this.#make().catch((error: unknown) => {
      this.#made = undefined
      throw error
    })
    return this.#made
  }
}
