import { it } from 'node:test'
import { pythonInterpreter } from './venv.ts'

const interpreter = await pythonInterpreter()

/** A test that needs the readers of the virtual environment; skipped with the reason where there is no Python. */
export function withPython(name: string, test: (interpreter: string) => Promise<void> | void): void {
  if (interpreter === undefined) it(name, { skip: 'python3 or its package index is missing' })
  else it(name, () => test(interpreter))
}
