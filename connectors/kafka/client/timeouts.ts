/** How long a connection may take to be made. */
export const CONNECT_MS = 5_000
/** A broker that is silent for so long is given up; a fetch may wait before it is answered. */
export const REQUEST_MS = 10_000
/** How long a broker may wait for its replicas before it answers a write. */
export const PRODUCE_MS = 8_000
/** A transaction that stays open for so long is aborted by the broker, which allows 15 minutes at most unless it is told otherwise. */
export const TRANSACTION_MS = 300_000
