import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** PEM text of a certificate and its key. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

/** An authority that certifies servers and clients, made anew by openssl, with its files in a folder. */
export class Authority {
  readonly cert: string
  readonly #folder: string
  readonly #name: string

  constructor(folder: string, name: string) {
    this.#folder = folder
    this.#name = name
    this.cert = this.#make(name, ['-addext', 'basicConstraints=critical,CA:TRUE', '-nodes']).cert
  }

  /** `names` are alternative names such as `IP:127.0.0.1`. */
  certifyServer(name: string, names: string): Certified {
    return this.#make(name, [...this.#signed, '-addext', `subjectAltName=${names}`, '-nodes'])
  }

  /** The key is encrypted with the passphrase. */
  certifyClient(name: string, passphrase: string): Certified {
    return this.#make(name, [...this.#signed, '-passout', `pass:${passphrase}`])
  }

  get #signed(): readonly string[] {
    return ['-CA', this.#file(this.#name, 'crt'), '-CAkey', this.#file(this.#name, 'key')]
  }

  #make(name: string, more: readonly string[]): Certified {
    const [key, cert] = [this.#file(name, 'key'), this.#file(name, 'crt')]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', `/CN=${name}`, '-days', '2']
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...more], { stdio: 'pipe' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  }

  #file(name: string, ending: string): string {
    return join(this.#folder, `${name}.${ending}`)
  }
}
