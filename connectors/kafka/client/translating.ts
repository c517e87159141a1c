import type { MillraceError } from '../../../core/model/errors.ts'

/** Does something and rejects with errors of ours only; `what` names it, such as `describe topics orders`. */
export type Tried = <T>(what: string, work: () => Promise<T>) => Promise<T>

/** Makes it from what knows the errors of a package. */
export function translating(translate: (error: unknown, what: string) => MillraceError): Tried {
  return async (what, work) => {
    try {
      return await work()
    } catch (error) {
      throw translate(error, what)
    }
  }
}
