import { hash } from 'node:crypto'
import type { Sha256 } from '../../core/ports/digest.ts'

/** SHA-256 as lower-case hex. */
export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'hex')
