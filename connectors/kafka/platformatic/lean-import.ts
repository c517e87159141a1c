import { createRequire, registerHooks } from 'node:module'

// `@platformatic/kafka` 2.12.1 is some 330 modules, and every thread imports it. Two things make that cheaper, for this import only:
// 1. It compiles some forty JSON schemas with ajv, which check options of its clients in strict mode, which nothing here asks for. So
// ajv is replaced by a stand-in that compiles a schema when it is first used: who uses the package beside us, strictly, gets the same.
// 2. Node looks at the disk for every import. Those of one of its files by another name the file: nothing needs to be looked for.

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
export async function leanImport<T>(load: () => Promise<T>): Promise<T> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const url =
        context.parentURL?.includes(`/${PACKAGE}/`) === true ? placeOf(specifier, context.parentURL) : undefined
      return url === undefined ? next(specifier, context) : { url, format: 'module', shortCircuit: true }
    },
  })
  try {
    return await load()
  } finally {
    hooks.deregister()
  }
}

/** Where an import in a file of the package leads, if that can be told. */
function placeOf(specifier: string, file: string): string | undefined {
  if (specifier === AJV) return import.meta.url
  return specifier.startsWith('.') && specifier.endsWith('.js') ? new URL(specifier, file).href : undefined
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
