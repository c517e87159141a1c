/** Where a broker listens. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
}

/** `host:port`. */
export function nameOf({ host, port }: BrokerAddress): string {
  return `${host}:${port}`
}

/** The inverse, for text that was checked; an IPv6 host stands in brackets there. */
export function addressOf(broker: string): BrokerAddress {
  const colon = broker.lastIndexOf(':')
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) }
}
