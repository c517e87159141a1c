import { createRequire, registerHooks } from 'node:module'

// On its import `@platformatic/kafka` 2.12.1 compiles some forty JSON schemas with ajv, which takes as long as all else of the import
// and happens in every thread. They check options of its clients in strict mode, which nothing here asks for. So ajv is replaced for
// that import by a stand-in that compiles a schema when it is first used: who uses the package beside us, strictly, gets the same.

const AJV = 'ajv/dist/2020.js'
const PACKAGE = '@platformatic/kafka'

/** What the package uses of ajv. */
interface Ajv {
  addKeyword(keyword: object): unknown
  compile(schema: object): Validator
  errorsText(errors?: unknown, options?: object): string
}

interface Validator {
  (value: unknown): boolean
  errors?: unknown
}

/** Imports what imports the package; its validators are compiled when they are first used. */
export async function withLazyValidators<T>(load: () => Promise<T>): Promise<T> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const isOfPackage = specifier === AJV && context.parentURL?.includes(`/${PACKAGE}/`) === true
      return isOfPackage ? { url: import.meta.url, format: 'module', shortCircuit: true } : next(specifier, context)
    },
  })
  try {
    return await load()
  } finally {
    hooks.deregister()
  }
}

/** The class that the package imports from ajv. */
export class Ajv2020 implements Ajv {
  readonly #options: object
  readonly #keywords: object[] = []
  #made: Ajv | undefined

  constructor(options: object) {
    this.#options = options
  }

  addKeyword(keyword: object): void {
    this.#keywords.push(keyword)
  }

  compile(schema: object): Validator {
    let compiled: Validator | undefined
    const validate: Validator = (value) => {
      compiled ??= this.#ajv().compile(schema)
      const isValid = compiled(value)
      validate.errors = compiled.errors
      return isValid
    }
    return validate
  }

  errorsText(errors?: unknown, options?: object): string {
    return this.#ajv().errorsText(errors, options)
  }

  #ajv(): Ajv {
    if (this.#made !== undefined) return this.#made
    // The one that belongs to the package, wherever npm put it.
    const found = createRequire(import.meta.resolve(PACKAGE))(AJV) as { readonly Ajv2020: new (of: object) => Ajv }
    this.#made = new found.Ajv2020(this.#options)
    for (const keyword of this.#keywords) this.#made.addKeyword(keyword)
    return this.#made
  }
}
