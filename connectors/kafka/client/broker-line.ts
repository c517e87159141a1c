import type { BrokerAddress } from './broker-address.ts'

/** Versions of one request of the protocol. */
export interface ApiRange {
  readonly name: string
  readonly key: number
  readonly least: number
  readonly most: number
}

/** A request whose body is encoded already. */
export interface RawRequest {
  readonly apiKey: number
  readonly apiVersion: number
  /** A flexible version has tagged fields in the headers too. */
  readonly isFlexible: boolean
  readonly body: Uint8Array
}

/** A connection to one broker by its address, whatever the cluster says of it: for looking what is wrong. */
export interface BrokerLine {
  /** The body of the answer, without its header. Throws coded errors, `MR_KAFKA_UNREACHABLE` where the broker is silent. */
  ask(request: RawRequest): Promise<Uint8Array>
  /** Idempotent. */
  close(): Promise<void>
}

/** What lets a diagnosis ask single brokers. */
export interface BrokerInspection {
  /** Requests, each in one of some versions, without which the client cannot work. */
  readonly needs: readonly ApiRange[]
  /** Connects to one broker, with TLS and SASL. Throws `MR_KAFKA_UNREACHABLE`, `MR_KAFKA_REFUSED`. */
  line(broker: BrokerAddress): Promise<BrokerLine>
}
